package vault

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func TestMCPRefusals(t *testing.T) {
	newOnly := func(auth string) error {
		return decodeAnd(`{"auth":`+auth+`}`, func(p wire.CredentialParams) error {
			_, _, err := NewCredential(p, now)
			return err
		})
	}
	swap := strings.NewReplacer
	for _, c := range []struct{ auth, want string }{
		{`{"type":"static_bearer","token":"t"}`, "auth.mcp_server_url: field required"},
		{`{"type":"static_bearer","mcp_server_url":"https://x.example"}`, "auth.token: field required"},
		{`{"type":"static_bearer","mcp_server_url":"https://x.example","token":null}`, "auth.token: expected a string"},
		{`{"type":"static_bearer","mcp_server_url":"https://x.example","token":""}`, "auth.token: must not be empty"},
		{`{"type":"static_bearer","mcp_server_url":"https://x.example","token":["t"]}`, "auth.token: expected a string"},
		{`{"type":"static_bearer","mcp_server_url":"https://x.example","token":"` + repeat("é", 8193) + `"}`, "auth.token: at most 8192 characters, got 8193"},
		{`{"type":"static_bearer","mcp_server_url":"https://x.example","access_token":"t"}`, "auth.access_token: unknown field"},
		{`{"type":"static_bearer","mcp_server_url":null,"token":"t"}`, "auth.mcp_server_url: expected a string"},
		{`{"type":"static_bearer","mcp_server_url":"","token":"t"}`, "auth.mcp_server_url: must not be empty"},
		{`{"type":"static_bearer","mcp_server_url":"https://x.example/` + repeat("x", 2047) + `","token":"t"}`, "auth.mcp_server_url: at most 2047"},
		{`{"type":"static_bearer","mcp_server_url":"x.example","token":"t"}`, "auth.mcp_server_url: expected an http or https URL"},
		{`{"type":"static_bearer","mcp_server_url":"ftp://x.example","token":"t"}`, "auth.mcp_server_url: expected an http or https URL"},
		{`{"type":"static_bearer","mcp_server_url":"https:///path","token":"t"}`, "auth.mcp_server_url: expected an http or https URL"},
		{`{"type":"static_bearer","mcp_server_url":"https://u:pw@x.example","token":"t"}`, "auth.mcp_server_url: must not hold a user or password"},
		{`{"type":"static_bearer","mcp_server_url":"https://x.example/#","token":"t"}`, "auth.mcp_server_url: must have no fragment"},

		{`{"type":"mcp_oauth","mcp_server_url":"https://x.example"}`, "auth.access_token: field required"},
		{swap("09:00:00Z", "08:00:00Z").Replace(oauth), "auth.expires_at: must be in the future"},
		{swap("09:00:00Z", "09:30:00+02:00").Replace(oauth), "auth.expires_at: must be in the future"},
		{swap("2026-10-02T09:00:00Z", "tomorrow").Replace(oauth), "auth.expires_at: expected a time as in RFC 3339"},
		{swap("2026-10-02T09:00:00Z", "9999-12-31T23:59:59-01:00").Replace(oauth), "auth.expires_at: expected a time as in RFC 3339"},
		{swap(`"2026-10-02T09:00:00Z"`, "1790000000").Replace(oauth), "auth.expires_at: expected a string"},

		{oauthWith(`{}`), "auth.refresh.token_endpoint: field required"},
		{oauthWith(swap("https://auth", "auth").Replace(refresh)), "auth.refresh.token_endpoint: expected an http or https URL"},
		{oauthWith(swap(`"client"`, `""`).Replace(refresh)), "auth.refresh.client_id: must not be empty"},
		{oauthWith(swap(`"client"`, `"`+repeat("c", 1025)+`"`).Replace(refresh)), "auth.refresh.client_id: at most 1024"},
		{oauthWith(swap(`"ref-1"`, `null`).Replace(refresh)), "auth.refresh.refresh_token: expected a string"},
		{oauthWith(swap(`"a b"`, `""`).Replace(refresh)), "auth.refresh.scope: must not be empty"},
		{oauthWith(swap(`"scope":"a b"`, `"resource":""`).Replace(refresh)), "auth.refresh.resource: must not be empty"},
		{oauthWith(swap(`"scope":"a b"`, `"other":""`).Replace(refresh)), "auth.refresh.other: unknown field"},
		{oauthWith(`{"token_endpoint":"https://a.example/t","client_id":"c","refresh_token":"r"}`), "auth.refresh.token_endpoint_auth: field required"},
		{oauthWith(`{"token_endpoint":"https://a.example/t","client_id":"c","refresh_token":"r","token_endpoint_auth":null}`), "auth.refresh.token_endpoint_auth: expected an object"},
		{oauthWith(swap(`client_secret_post`, `private_key_jwt`).Replace(refresh)), "auth.refresh.token_endpoint_auth.type: `private_key_jwt` is not one of"},
		{oauthWith(swap(`client_secret_post`, `none`).Replace(refresh)), "auth.refresh.token_endpoint_auth.client_secret: unknown field"},
		{oauthWith(swap(`,"client_secret":"cs-1"`, ``).Replace(refresh)), "auth.refresh.token_endpoint_auth.client_secret: field required"},
		{oauthWith(swap(`cs-1`, repeat("s", 513)).Replace(refresh)), "auth.refresh.token_endpoint_auth.client_secret: at most 512"},
	} {
		checkRefusal(t, c.auth, newOnly(c.auth), c.want)
	}
}

func TestUpdateMCP(t *testing.T) {
	const bearerForm = `{"type":"static_bearer","mcp_server_url":"https://mcp.example.com/sse"}`
	const oauthForm = `{"type":"mcp_oauth","mcp_server_url":"https://mcp.example.com/","expires_at":"2026-10-02T09:00:00.000000Z","refresh":null}`
	in := func(old, new string) string { return strings.Replace(publicRefresh, old, new, 1) }
	for _, c := range []struct{ stored, update, public, secrets string }{
		{bearer, `"token":"tok-2"`, bearerForm, "token=tok-2"},
		{bearer, `"token":null`, bearerForm, ""},

		{oauth, `"access_token":null,"expires_at":null,"refresh":null`, oauthForm, ""},
		{oauth, `"access_token":"acc-2"`, oauthForm, "access_token=acc-2"}, // under the old expiry
		{oauth, `"access_token":"acc-2","expires_at":"2027-01-01T01:00:00.5+01:00"`,
			strings.Replace(oauthForm, "2026-10-02T09:00:00.000000Z", "2027-01-01T00:00:00.500000Z", 1), "access_token=acc-2"},

		{oauthWith(refresh), `"refresh":{}`, publicRefresh, ""},
		{oauthWith(refresh), `"refresh":{"refresh_token":"ref-2"}`, publicRefresh, "refresh_token=ref-2"},
		{oauthWith(refresh), `"refresh":{"refresh_token":null,"scope":null}`, publicRefresh, ""},
		{oauthWith(refresh), `"refresh":{"scope":"c"}`, in(`"a b"`, `"c"`), ""},
		{oauthWith(refresh), `"refresh":{"scope":""}`, in(`"a b"`, `null`), ""},
		{oauthWith(refresh), `"refresh":{"token_endpoint_auth":{"type":"client_secret_post","client_secret":"cs-2"}}`, publicRefresh, "client_secret=cs-2"},
		{oauthWith(refresh), `"refresh":{"token_endpoint_auth":{"type":"client_secret_basic","client_secret":"cs-2"}}`, publicRefresh, "client_secret=cs-2"}, // the stored type stays
		{oauthWith(refresh), `"refresh":{"token_endpoint_auth":{"type":"client_secret_basic","client_secret":null}}`, publicRefresh, ""},
		{oauthWith(refresh), `"refresh":{"token_endpoint_auth":{"type":"client_secret_post"}}`, publicRefresh, ""},
	} {
		cur, _ := create(t, c.stored)
		before := string(wire.Encode(cur))
		body := `{"auth":{"type":"` + cur.Auth.AuthType() + `",` + c.update + `}}`
		next, secrets, err := UpdateCredential(cur, decode[wire.CredentialParams](t, body), now)
		if err != nil || string(wire.Encode(next.Auth)) != c.public || plain(secrets) != c.secrets {
			t.Errorf("%s:\ngot  %s %q, %v\nwant %s %q", body, wire.Encode(next.Auth), plain(secrets), err, c.public, c.secrets)
		}
		if after := string(wire.Encode(cur)); after != before {
			t.Errorf("%s changed its input: %s", body, after)
		}
	}
}

func TestUpdateMCPRefuses(t *testing.T) {
	none := strings.NewReplacer("client_secret_post", "none", `,"client_secret":"cs-1"`, "").Replace(refresh)
	for _, c := range []struct{ stored, update, want string }{
		{bearer, `"mcp_server_url":"https://mcp.example.com/sse"`, "auth.mcp_server_url: can't be changed"},
		{bearer, `"mcp_server_url":null`, "auth.mcp_server_url: can't be changed"},
		{bearer, `"token":""`, "auth.token: must not be empty"},
		{oauth, `"mcp_server_url":"https://other.example"`, "auth.mcp_server_url: can't be changed"},
		{oauth, `"access_token":""`, "auth.access_token: must not be empty"},
		{oauth, `"expires_at":"2026-10-02T08:00:00Z"`, "auth.expires_at: must be in the future"},
		{oauth, `"refresh":{"refresh_token":"r"}`, "auth.refresh: can't be added"},
		{oauthWith(refresh), `"refresh":{"token_endpoint":"https://auth.example.com/token"}`, "auth.refresh.token_endpoint: can't be changed"},
		{oauthWith(refresh), `"refresh":{"client_id":"client"}`, "auth.refresh.client_id: can't be changed"},
		{oauthWith(refresh), `"refresh":{"resource":null}`, "auth.refresh.resource: can't be changed"},
		{oauthWith(refresh), `"refresh":{"scope":"` + repeat("s", 8193) + `"}`, "auth.refresh.scope: at most 8192"},
		{oauthWith(refresh), `"refresh":{"refresh_token":""}`, "auth.refresh.refresh_token: must not be empty"},
		{oauthWith(refresh), `"refresh":{"token_endpoint_auth":null}`, "auth.refresh.token_endpoint_auth: expected an object"},
		{oauthWith(refresh), `"refresh":{"token_endpoint_auth":{"type":"none"}}`, "auth.refresh.token_endpoint_auth.type: `none` is not one of"},
		{oauthWith(refresh), `"refresh":{"token_endpoint_auth":{"type":"client_secret_post","client_secret":""}}`, "auth.refresh.token_endpoint_auth.client_secret: must not be empty"},
		{oauthWith(none), `"refresh":{"token_endpoint_auth":{"type":"client_secret_post","client_secret":"x"}}`, "auth.refresh.token_endpoint_auth.type: the credential was created with `none`"},
	} {
		cur, _ := create(t, c.stored)
		body := `{"auth":{"type":"` + cur.Auth.AuthType() + `",` + c.update + `}}`
		_, _, err := UpdateCredential(cur, decode[wire.CredentialParams](t, body), now)
		checkRefusal(t, body, err, c.want)
	}
}
