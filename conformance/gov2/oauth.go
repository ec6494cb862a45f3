package gov2

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
)

// oauthGrant is the auth of a credential as the site of the tests grants it.
type oauthGrant struct {
	MCPServerURL string `json:"mcp_server_url"`
	AccessToken  string `json:"access_token"`
	Refresh      struct {
		TokenEndpoint     string `json:"token_endpoint"`
		ClientID          string `json:"client_id"`
		RefreshToken      string `json:"refresh_token"`
		TokenEndpointAuth struct {
			ClientSecret string `json:"client_secret"`
		} `json:"token_endpoint_auth"`
	} `json:"refresh"`
}

// newOAuthCredential is a vault with a credential of a new grant, and that.
func newOAuthCredential(t testing.TB, c *anthropic.Client, state string) (*anthropic.BetaManagedAgentsCredential, oauthGrant) {
	t.Helper()
	res := must(http.Post(os.Getenv("CHECK_OAUTH_URL")+"/grant?token="+state, "", nil))(t)
	defer res.Body.Close()
	var g oauthGrant
	if err := json.NewDecoder(res.Body).Decode(&g); err != nil {
		t.Fatal(err)
	}
	return must(c.Beta.Vaults.Credentials.New(ctx(t), newVault(t, c).ID, anthropic.BetaVaultCredentialNewParams{
		Auth: anthropic.BetaVaultCredentialNewParamsAuthUnion{OfMCPOAuth: &anthropic.BetaManagedAgentsMCPOAuthCreateParams{
			Type: "mcp_oauth", MCPServerURL: g.MCPServerURL, AccessToken: g.AccessToken,
			Refresh: anthropic.BetaManagedAgentsMCPOAuthRefreshParams{
				TokenEndpoint: g.Refresh.TokenEndpoint, ClientID: g.Refresh.ClientID, RefreshToken: g.Refresh.RefreshToken,
				TokenEndpointAuth: anthropic.BetaManagedAgentsMCPOAuthRefreshParamsTokenEndpointAuthUnion{
					OfClientSecretBasic: &anthropic.BetaManagedAgentsTokenEndpointAuthBasicParam{
						Type: "client_secret_basic", ClientSecret: g.Refresh.TokenEndpointAuth.ClientSecret}},
			},
		}},
	}))(t), g
}

func validate(t testing.TB, c *anthropic.Client, credential *anthropic.BetaManagedAgentsCredential) *anthropic.BetaManagedAgentsCredentialValidation {
	t.Helper()
	return must(c.Beta.Vaults.Credentials.MCPOAuthValidate(ctx(t), credential.ID,
		anthropic.BetaVaultCredentialMCPOAuthValidateParams{VaultID: credential.VaultID}))(t)
}

func validateAGoodToken(t testing.TB, c *anthropic.Client) {
	credential, _ := newOAuthCredential(t, c, "")
	got := validate(t, c, credential)
	equal(t, "status", string(got.Status), "valid")
	equal(t, "ids", []string{got.CredentialID, got.VaultID}, []string{credential.ID, credential.VaultID})
	equal(t, "has a refresh token, a failed step, a refresh", []bool{got.HasRefreshToken, got.JSON.MCPProbe.Valid(), got.JSON.Refresh.Valid()}, []bool{true, false, false})
}

func validateRefreshesAnExpiredToken(t testing.TB, c *anthropic.Client) {
	credential, _ := newOAuthCredential(t, c, "expired")
	got := validate(t, c, credential)
	equal(t, "verdict", []string{string(got.Status), string(got.Refresh.Status)}, []string{"valid", "succeeded"})
	after := must(c.Beta.Vaults.Credentials.Get(ctx(t), credential.ID, anthropic.BetaVaultCredentialGetParams{VaultID: credential.VaultID}))(t)
	equal(t, "no expiry", after.Auth.AsMCPOAuth().ExpiresAt.IsZero(), false)
	equal(t, "refreshed again", validate(t, c, credential).JSON.Refresh.Valid(), false)
}

func validateARevokedToken(t testing.TB, c *anthropic.Client) {
	credential, grant := newOAuthCredential(t, c, "revoked")
	got := validate(t, c, credential)
	equal(t, "verdict", []string{string(got.Status), got.MCPProbe.Method, string(got.Refresh.Status)}, []string{"invalid", "initialize", "failed"})
	equal(t, "answers", []int64{got.MCPProbe.HTTPResponse.StatusCode, got.Refresh.HTTPResponse.StatusCode}, []int64{401, 400})
	for _, secret := range []string{grant.AccessToken, grant.Refresh.RefreshToken} {
		equal(t, "shows a secret", strings.Contains(got.RawJSON(), secret), false)
	}
}

func validateAnotherType(t testing.TB, c *anthropic.Client) {
	vault := newVault(t, c)
	credential := must(c.Beta.Vaults.Credentials.New(ctx(t), vault.ID, anthropic.BetaVaultCredentialNewParams{
		Auth: anthropic.BetaVaultCredentialNewParamsAuthUnion{OfStaticBearer: &anthropic.BetaManagedAgentsStaticBearerCreateParams{
			Type: "static_bearer", MCPServerURL: "https://mcp.example.com/mcp", Token: "top-secret",
		}},
	}))(t)
	_, err := c.Beta.Vaults.Credentials.MCPOAuthValidate(ctx(t), credential.ID, anthropic.BetaVaultCredentialMCPOAuthValidateParams{VaultID: vault.ID})
	refused(t, err, 400, "invalid_request_error")
}

func tenSessionsRefreshOnce(t testing.TB, c *anthropic.Client) {
	credential, grant := newOAuthCredential(t, c, "expired")
	agent := must(c.Beta.Agents.New(ctx(t), anthropic.BetaAgentNewParams{
		Name: "checker", Model: anthropic.BetaManagedAgentsModelConfigParams{ID: "claude-opus-5-5"},
		MCPServers: []anthropic.BetaManagedAgentsURLMCPServerParams{{Type: "url", Name: "desk", URL: grant.MCPServerURL}},
		Tools: []anthropic.BetaAgentNewParamsToolUnion{{OfMCPToolset: &anthropic.BetaManagedAgentsMCPToolsetParams{
			Type: "mcp_toolset", MCPServerName: "desk",
			DefaultConfig: anthropic.BetaManagedAgentsMCPToolsetDefaultConfigParams{
				PermissionPolicy: anthropic.BetaManagedAgentsMCPToolsetDefaultConfigParamsPermissionPolicyUnion{
					OfAlwaysAllow: &anthropic.BetaManagedAgentsAlwaysAllowPolicyParam{Type: "always_allow"}}},
		}}},
	}))(t)
	environment := newEnvironment(t, c, "oauth")
	var sessions sync.WaitGroup
	turns := make([][]sdkEvent, 10)
	for i := range turns {
		session := must(c.Beta.Sessions.New(ctx(t), anthropic.BetaSessionNewParams{
			Agent:         anthropic.BetaSessionNewParamsAgentUnion{OfString: anthropic.String(agent.ID)},
			EnvironmentID: environment.ID, VaultIDs: []string{credential.VaultID},
		}))(t)
		sessions.Go(func() { turns[i] = turn(t, c, session.ID, "", script("whoami")) })
	}
	sessions.Wait()
	for _, events := range turns {
		if !strings.Contains(said(events), "The server says: token of") {
			t.Errorf("a session had %v and said %q", types(events), said(events))
		}
	}
	res := must(http.Get(os.Getenv("CHECK_OAUTH_URL") + "/refreshes?token=" + url.QueryEscape(grant.AccessToken)))(t)
	defer res.Body.Close()
	var n int
	if err := json.NewDecoder(res.Body).Decode(&n); err != nil {
		t.Fatal(err)
	}
	equal(t, "refreshes", n, 1)
}
