package vault

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestNewCredential(t *testing.T) {
	for _, c := range []struct{ auth, public, secrets string }{
		{bearer, `{"type":"static_bearer","mcp_server_url":"https://mcp.example.com/sse"}`, "token=tok-1"},
		{oauth, `{"type":"mcp_oauth","mcp_server_url":"https://mcp.example.com/","expires_at":"2026-10-02T09:00:00.000000Z","refresh":null}`, "access_token=acc-1"},
		{oauthWith(refresh), publicRefresh, "access_token=acc-1 client_secret=cs-1 refresh_token=ref-1"},
		{oauthWith("null"), `{"type":"mcp_oauth","mcp_server_url":"https://mcp.example.com/","expires_at":null,"refresh":null}`, "access_token=acc-1"},
		{
			oauthWith(`{"token_endpoint":"http://127.0.0.1:9/t","client_id":"c","refresh_token":"r","scope":null,"resource":"https://mcp.example.com","token_endpoint_auth":{"type":"none"}}`),
			`{"type":"mcp_oauth","mcp_server_url":"https://mcp.example.com/","expires_at":null,"refresh":` +
				`{"token_endpoint":"http://127.0.0.1:9/t","client_id":"c","scope":null,"resource":"https://mcp.example.com","token_endpoint_auth":{"type":"none"}}}`,
			"access_token=acc-1 refresh_token=r",
		},
		{variable, `{"type":"environment_variable","secret_name":"TICKETS_KEY","networking":{"type":"limited","allowed_hosts":["api.tickets.test"]},` +
			`"injection_location":{"header":true,"body":false}}`, "secret_value=val-1"},
	} {
		got, secrets := create(t, c.auth)
		if public := string(wire.Encode(got.Auth)); public != c.public {
			t.Errorf("%s:\ngot  %s\nwant %s", c.auth, public, c.public)
		}
		if plain(secrets) != c.secrets {
			t.Errorf("%s: secrets %s, want %s", c.auth, plain(secrets), c.secrets)
		}
		var again wire.CredentialAuth
		if err := wire.Decode(wire.Encode(got.Auth), &again); err != nil || string(wire.Encode(again)) != c.public {
			t.Errorf("read back: %s, %v", wire.Encode(again), err)
		}
	}
}

func TestNewCredentialNames(t *testing.T) {
	for body, want := range map[string]string{
		`{"auth":` + bearer + `}`:                                         `"display_name":null,"metadata":{}`,
		`{"display_name":null,"metadata":null,"auth":` + bearer + `}`:     `"display_name":null,"metadata":{}`,
		`{"display_name":"","auth":` + bearer + `}`:                       `"display_name":"","metadata":{}`,
		`{"display_name":"x","metadata":{"k":"v"},"auth":` + bearer + `}`: `"display_name":"x","metadata":{"k":"v"}`,
	} {
		c, _, err := NewCredential(decode[wire.CredentialParams](t, body), now)
		if err != nil || !strings.Contains(string(wire.Encode(c)), want) {
			t.Errorf("%s: %s, %v", body, wire.Encode(c), err)
		}
	}
}

func TestNewCredentialRefuses(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                        "auth: field required",
		`{"auth":null}`:             "auth: expected an object",
		`{"auth":"static_bearer"}`:  "auth: expected an object",
		`{"auth":{}}`:               "auth.type: field required",
		`{"auth":{"type":"basic"}}`: "auth.type: `basic` is not one of `mcp_oauth`, `static_bearer`, `environment_variable`",
		`{"display_name":"` + repeat("é", 256) + `","auth":` + bearer + `}`: "display_name: at most 255",
		`{"metadata":{"k":null},"auth":` + bearer + `}`:                     "metadata.k: expected a string",
		`{"auth":` + bearer + `,"type":"x"}`:                                "type: unknown field",
	} {
		checkRefusal(t, body, decodeAnd(body, func(p wire.CredentialParams) error {
			_, _, err := NewCredential(p, now)
			return err
		}), want)
	}
}

func TestUpdateCredentialAsAWhole(t *testing.T) {
	cur, _ := create(t, bearer)
	name := "old"
	cur.DisplayName, cur.Metadata = &name, wire.Metadata{"a": "1"}
	for body, want := range map[string]string{
		`{}`:                                   `"display_name":"old","metadata":{"a":"1"}`,
		`{"display_name":null}`:                `"display_name":null,"metadata":{"a":"1"}`,
		`{"display_name":"new"}`:               `"display_name":"new","metadata":{"a":"1"}`,
		`{"metadata":{"a":null,"b":"2"}}`:      `"display_name":"old","metadata":{"b":"2"}`,
		`{"auth":{"type":"static_bearer"}}`:    `"display_name":"old","metadata":{"a":"1"}`,
		`{"metadata":null,"display_name":"x"}`: `"display_name":"x","metadata":{"a":"1"}`,
	} {
		next, secrets, err := UpdateCredential(cur, decode[wire.CredentialParams](t, body), now)
		if err != nil || len(secrets) > 0 || !strings.Contains(string(wire.Encode(next)), want) {
			t.Errorf("%s: %s, %d secrets, %v", body, wire.Encode(next), len(secrets), err)
		}
	}
	for body, want := range map[string]string{
		`{"display_name":""}`:       "display_name: must not be empty",
		`{"auth":null}`:             "auth: expected an object; leave the field out",
		`{"auth":{"token":"x"}}`:    "auth.type: field required",
		`{"auth":` + variable + `}`: "auth.type: the type of a credential can't change from `static_bearer` to `environment_variable`",
		`{"auth":` + oauth + `}`:    "auth.type: the type of a credential can't change from `static_bearer` to `mcp_oauth`",
	} {
		checkRefusal(t, body, decodeAnd(body, func(p wire.CredentialParams) error {
			_, _, err := UpdateCredential(cur, p, now)
			return err
		}), want)
	}
	at := wire.Micros(1)
	cur.ArchivedAt = &at
	_, _, err := UpdateCredential(cur, wire.CredentialParams{}, now)
	checkRefusal(t, "an archived credential", err, "Credential `vcrd_1` is archived")
}

func TestLookup(t *testing.T) {
	of := func(auth string) string { c, _ := create(t, auth); return Lookup(c.Auth) }
	server := func(url string) string {
		return strings.Replace(bearer, "https://mcp.example.com/sse", url, 1)
	}
	if of(oauth) != of(server("HTTPS://MCP.example.com:443")) {
		t.Error("the two types of credentials for MCP servers don't share their keys")
	}
	if of(server("https://mcp.example.com/A")) == of(server("https://mcp.example.com/a")) {
		t.Error("paths are compared without regard to case")
	}
	if got := of(variable); got != "variable TICKETS_KEY" {
		t.Errorf("variable: %s", got)
	}
	long := "https://x.example/" + repeat("é", 2000)
	if got := of(server(long)); len(got) > 1100 || got != of(server(long+"/")) || got == of(server(long+"e")) {
		t.Errorf("a long URL: %s", got)
	}
}

func TestUniqueAndRoom(t *testing.T) {
	for auth, path := range map[string]string{bearer: "auth.mcp_server_url", oauth: "auth.mcp_server_url", variable: "auth.secret_name"} {
		c, _ := create(t, auth)
		if err := CheckUnique(c.Auth, ""); err != nil {
			t.Error(err)
		}
		err := CheckUnique(c.Auth, "vcrd_9")
		if fault.KindOf(err) != fault.Conflict || !strings.HasPrefix(err.Error(), path+": credential `vcrd_9`") {
			t.Errorf("%s: %v", auth, err)
		}
	}
	if err := CheckRoom(MaxCredentials - 1); err != nil {
		t.Error(err)
	}
	if err := CheckRoom(MaxCredentials); fault.KindOf(err) != fault.Invalid {
		t.Errorf("the 21st: %v", err)
	}
}
