package wire

import (
	"strings"
	"testing"
)

func TestCredentialKeepsItsForm(t *testing.T) {
	for _, auth := range []string{
		`{"type":"static_bearer","mcp_server_url":"https://mcp.example"}`,
		`{"type":"mcp_oauth","mcp_server_url":"https://mcp.example","expires_at":null,"refresh":null}`,
		`{"type":"mcp_oauth","mcp_server_url":"https://mcp.example","expires_at":"2026-10-01T09:00:00.000000Z","refresh":{"token_endpoint":"https://a.example",` +
			`"client_id":"c","scope":null,"resource":"r","token_endpoint_auth":{"type":"none"}}}`,
		`{"type":"environment_variable","secret_name":"KEY","networking":{"type":"unrestricted"},"injection_location":{"header":true,"body":false}}`,
		`{"type":"environment_variable","secret_name":"KEY","networking":{"type":"limited","allowed_hosts":["a.example"]},"injection_location":{"header":false,"body":true}}`,
	} {
		whole := `{"id":"vcrd_1","type":"vault_credential","vault_id":"vlt_1","display_name":null,"metadata":{"a":"1"},"auth":` + auth +
			`,"created_at":"2026-10-01T09:00:00.000000Z","updated_at":"2026-10-01T09:00:00.000001Z","archived_at":null}`
		var c Credential
		if err := Decode([]byte(whole), &c); err != nil {
			t.Errorf("%s: %v", auth, err)
			continue
		}
		if got := string(Encode(c)); got != whole {
			t.Errorf("got  %s\nwant %s", got, whole)
		}
		if !strings.Contains(auth, `"type":"`+c.Auth.AuthType()+`"`) {
			t.Errorf("%s is of type %q", auth, c.Auth.AuthType())
		}
	}
	var a CredentialAuth
	if err := Decode([]byte(`{"type":"basic"}`), &a); err == nil || a.AuthType() != "" {
		t.Errorf("an unknown type: %v, %q", err, a.AuthType())
	}
}

func TestCredentialRequestsAreReadStrictly(t *testing.T) {
	var p CredentialParams
	for body, want := range map[string]string{
		`{"auth":{"type":"static_bearer","token":5}}`:                                                  "auth.token: expected a string",
		`{"auth":{"type":"static_bearer","Token":"x"}}`:                                                "auth.Token: unknown field",
		`{"auth":{"type":"mcp_oauth","refresh":[]}}`:                                                   "auth.refresh: expected an object",
		`{"auth":{"type":"mcp_oauth","refresh":{"token_endpoint_auth":{"client_secret":"x"}}}}`:        "auth.refresh.token_endpoint_auth.type: field required",
		`{"auth":{"type":"mcp_oauth","refresh":{"token_endpoint_auth":{"type":"none","x":1}}}}`:        "auth.refresh.token_endpoint_auth.x: unknown field",
		`{"auth":{"type":"environment_variable","networking":{"type":"limited","allowed_hosts":[1]}}}`: "auth.networking.allowed_hosts[0]: expected a string",
		`{"auth":{"type":"environment_variable","networking":"unrestricted"}}`:                         "auth.networking: expected an object",
		`{"auth":{"type":"environment_variable","injection_location":true}}`:                           "auth.injection_location: expected an object",
		`{"display_name":["x"]}`: "display_name: expected a string",
	} {
		if err := Decode([]byte(body), &p); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s…", body, err, want)
		}
	}
}

func TestAbsentNullAndGiven(t *testing.T) {
	for body, want := range map[string]Opt[Secret]{
		`{"auth":{"type":"static_bearer"}}`:              {},
		`{"auth":{"type":"static_bearer","token":null}}`: {Set: true, Null: true},
		`{"auth":{"type":"static_bearer","token":""}}`:   {Set: true},
		`{"auth":{"type":"static_bearer","token":"x"}}`:  Some(Secret("x")),
	} {
		var p CredentialParams
		if err := Decode([]byte(body), &p); err != nil || p.Auth.Value.StaticBearer.Token != want {
			t.Errorf("%s: %t %t, %v", body, p.Auth.Value.StaticBearer.Token.Set, p.Auth.Value.StaticBearer.Token.Null, err)
		}
	}
}
