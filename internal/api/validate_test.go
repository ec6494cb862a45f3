package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	v1 "github.com/anthropics/anthropic-sdk-go"
	v2 "github.com/anthropics/anthropic-sdk-go/v2"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/oauth/oauthtest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

const validate1 = credentials + "/" + credential1 + "/mcp_oauth_validate"

// withOAuth is a server with a credential for an MCP server, and the two
// servers it is for.
func withOAuth(t *testing.T) (*apitest.Server, *oauthtest.Server, *oauthtest.MCP) {
	t.Helper()
	s := apitest.Start(t)
	auth := oauthtest.Start(t, &oauthtest.Server{Auth: "client_secret_basic", Now: s.Clock.Now})
	mcp := oauthtest.StartMCP(t, &oauthtest.MCP{Tokens: auth})
	access, refresh := auth.Grant()
	s.Call("POST", "/v1/vaults", `{"display_name":"Alice"}`)
	a := s.Call("POST", credentials, fmt.Sprintf(`{"auth":{"type":"mcp_oauth","mcp_server_url":%q,"access_token":%q,"expires_at":"2026-10-01T10:00:00Z",`+
		`"refresh":{"token_endpoint":%q,"client_id":%q,"refresh_token":%q,"token_endpoint_auth":{"type":"client_secret_basic","client_secret":%q}}}}`,
		mcp.URL, access, auth.URL, oauthtest.ClientID, refresh, oauthtest.ClientSecret))
	if a.Status != 200 {
		t.Fatal(a.Body)
	}
	return s, auth, mcp
}

// Every answer is held to the types and descriptions of both SDKs by the
// server's client.
func TestValidate(t *testing.T) {
	s, auth, _ := withOAuth(t)
	check := func(want string) {
		t.Helper()
		if a := s.Call("POST", validate1, ""); a.Status != 200 || !strings.Contains(a.Body, want) {
			t.Errorf("%d %s, want %s", a.Status, a.Body, want)
		}
	}
	check(`"validated_at":"2026-10-01T09:00:00.000000Z","has_refresh_token":true,"status":"valid","mcp_probe":null,"refresh":null}`)
	s.Clock.Advance(2 * time.Hour)
	check(`"status":"valid","mcp_probe":null,"refresh":{"status":"succeeded","http_response":null}}`)
	if a := s.Call("GET", credentials+"/"+credential1, ""); !strings.Contains(a.Body, `"expires_at":"2026-10-01T12:00:00.000000Z"`) || !strings.Contains(a.Body, `"updated_at":"2026-10-01T11:00:00.000000Z"`) {
		t.Errorf("after a refresh: %s", a.Body)
	}
	auth.Revoke()
	check(`"status":"invalid","mcp_probe":{"method":"initialize","http_response":{"status_code":401,"content_type":"text/plain; charset=utf-8","body":"no good token: [redacted]\n","body_truncated":false}},` +
		`"refresh":{"status":"failed","http_response":{"status_code":400,"content_type":"application/json","body":"{\"error\":\"invalid_grant\",\"error_description\":\"no such token: [redacted]\"}\n","body_truncated":false}}}`)
	if a := s.Call("POST", validate1, `{}`); a.Status != 200 {
		t.Errorf("with a body: %d %s", a.Status, a.Body)
	}

	s.Call("POST", credentials+"/"+credential1+"/archive", "")
	s.Call("POST", validate1, "").Refused(t, 400, "invalid_request_error", "Credential `"+credential1+"` is archived")
	s.Call("DELETE", credentials+"/"+credential1, "")
	s.Call("POST", validate1, "").Refused(t, 404, "not_found_error", "Credential `"+credential1+"` not found.")
	s.Call("POST", "/v1/vaults/vlt_none/credentials/"+credential1+"/mcp_oauth_validate", "").Refused(t, 404, "not_found_error", "Vault `vlt_none` not found.")
	s.Call("GET", validate1, "").Refused(t, 405, "invalid_request_error", "GET is not allowed here")
	s.Call("POST", validate1, "", "anthropic-beta:").Refused(t, 404, "not_found_error", "no endpoint at")
}

func TestValidateWithSDKs(t *testing.T) {
	s, auth, mcp := withOAuth(t)
	ctx, c1, c2 := t.Context(), s.V1(), s.V2()
	one, err := c1.Beta.Vaults.Credentials.MCPOAuthValidate(ctx, credential1, v1.BetaVaultCredentialMCPOAuthValidateParams{VaultID: vault1})
	if err != nil || one.Status != "valid" || !one.HasRefreshToken || one.CredentialID != credential1 || one.VaultID != vault1 || !one.ValidatedAt.Equal(s.Clock.Now()) || one.JSON.Refresh.Valid() {
		t.Errorf("v1 reads %+v, %v", one, err)
	}
	auth.Expire()
	two, err := c2.Beta.Vaults.Credentials.MCPOAuthValidate(ctx, credential1, v2.BetaVaultCredentialMCPOAuthValidateParams{VaultID: vault1})
	if err != nil || two.Status != "valid" || two.Refresh.Status != "succeeded" || two.JSON.MCPProbe.Valid() {
		t.Errorf("v2 reads %+v, %v", two, err)
	}
	auth.Revoke()
	two, err = c2.Beta.Vaults.Credentials.MCPOAuthValidate(ctx, credential1, v2.BetaVaultCredentialMCPOAuthValidateParams{VaultID: vault1})
	if err != nil || two.Status != "invalid" || two.MCPProbe.Method != "initialize" || two.MCPProbe.HTTPResponse.StatusCode != 401 || two.Refresh.HTTPResponse.StatusCode != 400 {
		t.Errorf("v2 reads %+v, %v", two, err)
	}
	bearer, err := c2.Beta.Vaults.Credentials.New(ctx, vault1, v2.BetaVaultCredentialNewParams{
		Auth: v2.BetaVaultCredentialNewParamsAuthUnion{OfStaticBearer: &v2.BetaManagedAgentsStaticBearerCreateParams{MCPServerURL: mcp.URL + "/other", Token: "token"}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c2.Beta.Vaults.Credentials.MCPOAuthValidate(ctx, bearer.ID, v2.BetaVaultCredentialMCPOAuthValidateParams{VaultID: vault1})
	var refused *v2.Error
	if !errors.As(err, &refused) || refused.StatusCode != 400 {
		t.Errorf("a bearer: %v", err)
	}
}

type validator struct{ err error }

func (v validator) Validate(context.Context, string) (wire.CredentialValidation, error) {
	return wire.CredentialValidation{}, v.err
}

func TestValidateErrors(t *testing.T) {
	for _, c := range []struct {
		err     error
		status  int
		typ     string
		message string
	}{
		{fmt.Errorf("meanwhile: %w", store.ErrNotFound), 404, "not_found_error", "Credential `" + credential1 + "` not found."},
		{errors.New("the secret is damaged"), 500, "api_error", "internal server error"},
	} {
		s := apitest.Start(t, func(d *api.Deps) { d.OAuth = validator{c.err} })
		s.Call("POST", "/v1/vaults", `{"display_name":"Alice"}`)
		s.Call("POST", credentials, `{"auth":{"type":"mcp_oauth","mcp_server_url":"https://mcp.example","access_token":"a"}}`)
		s.Call("POST", validate1, "").Refused(t, c.status, c.typ, c.message)
	}
}
