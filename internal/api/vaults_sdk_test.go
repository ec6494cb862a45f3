package api_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	v1 "github.com/anthropics/anthropic-sdk-go"
	v2 "github.com/anthropics/anthropic-sdk-go/v2"

	"github.com/ostlerdev/ostler/internal/apitest"
)

// The programs of both generations of the official SDK, on vaults of each
// other.
func TestSDKsShareVaults(t *testing.T) {
	s := apitest.Start(t)
	ctx := t.Context()
	c1, c2 := s.V1(), s.V2()
	v, err := c1.Beta.Vaults.New(ctx, v1.BetaVaultNewParams{DisplayName: "Alice", Metadata: map[string]string{"user": "u_1"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c2.Beta.Vaults.Get(ctx, v.ID, v2.BetaVaultGetParams{})
	if err != nil || got.DisplayName != "Alice" || got.Metadata["user"] != "u_1" || !got.ArchivedAt.IsZero() || got.CreatedAt.IsZero() {
		t.Errorf("v2 reads %+v, %v", got, err)
	}
	got, err = c2.Beta.Vaults.Update(ctx, v.ID, v2.BetaVaultUpdateParams{DisplayName: v2.String("Bob"), Metadata: map[string]string{"team": "core"}})
	if err != nil || got.DisplayName != "Bob" || len(got.Metadata) != 2 {
		t.Errorf("update: %+v, %v", got, err)
	}
	for i := range 4 {
		if _, err := c2.Beta.Vaults.New(ctx, v2.BetaVaultNewParams{DisplayName: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	archived, err := c1.Beta.Vaults.Archive(ctx, v.ID, v1.BetaVaultArchiveParams{})
	if err != nil || archived.ArchivedAt.IsZero() {
		t.Errorf("archive: %+v, %v", archived, err)
	}
	for limit := int64(1); limit <= 6; limit++ {
		active, all := "", 0
		p1 := c1.Beta.Vaults.ListAutoPaging(ctx, v1.BetaVaultListParams{Limit: v1.Int(limit)})
		for p1.Next() {
			active += p1.Current().DisplayName
		}
		p2 := c2.Beta.Vaults.ListAutoPaging(ctx, v2.BetaVaultListParams{Limit: v2.Int(limit), IncludeArchived: v2.Bool(true)})
		for p2.Next() {
			all++
		}
		if err := errors.Join(p1.Err(), p2.Err()); err != nil || active != "3210" || all != 5 {
			t.Errorf("limit %d: %s, %d in all, %v", limit, active, all, err)
		}
	}
	_, err = c2.Beta.Vaults.Update(ctx, v.ID, v2.BetaVaultUpdateParams{DisplayName: v2.String("x")})
	var refused *v2.Error
	if !errors.As(err, &refused) || refused.StatusCode != 400 {
		t.Errorf("update of an archived one: %v", err)
	}
	gone, err := c2.Beta.Vaults.Delete(ctx, v.ID, v2.BetaVaultDeleteParams{})
	if err != nil || gone.ID != v.ID {
		t.Errorf("delete: %+v, %v", gone, err)
	}
	_, err = c1.Beta.Vaults.Get(ctx, v.ID, v1.BetaVaultGetParams{})
	var missing *v1.Error
	if !errors.As(err, &missing) || missing.StatusCode != 404 {
		t.Errorf("after the delete: %v", err)
	}
}

func TestSDKsShareCredentials(t *testing.T) {
	s := apitest.Start(t)
	ctx := t.Context()
	c1, c2 := s.V1(), s.V2()
	home, err := c2.Beta.Vaults.New(ctx, v2.BetaVaultNewParams{DisplayName: "Alice"})
	if err != nil {
		t.Fatal(err)
	}
	expires := s.Clock.Now().Add(time.Hour)

	oauth, err := c1.Beta.Vaults.Credentials.New(ctx, home.ID, v1.BetaVaultCredentialNewParams{
		DisplayName: v1.String("mcp"),
		Auth: v1.BetaVaultCredentialNewParamsAuthUnion{OfMCPOAuth: &v1.BetaManagedAgentsMCPOAuthCreateParams{
			MCPServerURL: "https://mcp.example.com", AccessToken: "access", ExpiresAt: v1.Time(expires), Type: "mcp_oauth",
			Refresh: v1.BetaManagedAgentsMCPOAuthRefreshParams{
				ClientID: "client", RefreshToken: "refresh", TokenEndpoint: "https://auth.example.com/token", Scope: v1.String("read"),
				TokenEndpointAuth: v1.BetaManagedAgentsMCPOAuthRefreshParamsTokenEndpointAuthUnion{
					OfClientSecretBasic: &v1.BetaManagedAgentsTokenEndpointAuthBasicParam{ClientSecret: "client secret", Type: "client_secret_basic"}},
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	read, err := c2.Beta.Vaults.Credentials.Get(ctx, oauth.ID, v2.BetaVaultCredentialGetParams{VaultID: home.ID})
	if err != nil {
		t.Fatal(err)
	}
	shown := read.Auth.AsMCPOAuth()
	if !shown.ExpiresAt.Equal(expires) || shown.Refresh.Scope != "read" || shown.Refresh.TokenEndpointAuth.Type != "client_secret_basic" || read.VaultID != home.ID || read.DisplayName != "mcp" {
		t.Errorf("v2 reads %+v", read)
	}
	read, err = c2.Beta.Vaults.Credentials.Update(ctx, oauth.ID, v2.BetaVaultCredentialUpdateParams{VaultID: home.ID,
		Auth: v2.BetaVaultCredentialUpdateParamsAuthUnion{OfMCPOAuth: &v2.BetaManagedAgentsMCPOAuthUpdateParams{
			AccessToken: v2.String("access 2"),
			Refresh: v2.BetaManagedAgentsMCPOAuthRefreshUpdateParams{Scope: v2.String(""),
				TokenEndpointAuth: v2.BetaManagedAgentsMCPOAuthRefreshUpdateParamsTokenEndpointAuthUnion{
					OfClientSecretPost: &v2.BetaManagedAgentsTokenEndpointAuthPostUpdateParam{ClientSecret: v2.String("client secret 2")}}},
		}}})
	if err != nil {
		t.Fatal(err)
	}
	if shown := read.Auth.AsMCPOAuth(); !shown.ExpiresAt.Equal(expires) || shown.Refresh.Scope != "" || shown.Refresh.TokenEndpointAuth.Type != "client_secret_basic" {
		t.Errorf("updated: %+v", read)
	}

	bearer, err := c2.Beta.Vaults.Credentials.New(ctx, home.ID, v2.BetaVaultCredentialNewParams{
		Auth: v2.BetaVaultCredentialNewParamsAuthUnion{OfStaticBearer: &v2.BetaManagedAgentsStaticBearerCreateParams{MCPServerURL: "https://other.example.com", Token: "token"}}})
	if err != nil || bearer.Auth.AsStaticBearer().MCPServerURL != "https://other.example.com" || bearer.DisplayName != "" {
		t.Errorf("bearer: %+v, %v", bearer, err)
	}
	_, err = c1.Beta.Vaults.Credentials.New(ctx, home.ID, v1.BetaVaultCredentialNewParams{
		Auth: v1.BetaVaultCredentialNewParamsAuthUnion{OfStaticBearer: &v1.BetaManagedAgentsStaticBearerCreateParams{
			MCPServerURL: "https://MCP.example.com/", Token: "token", Type: "static_bearer"}}})
	var conflict *v1.Error
	if !errors.As(err, &conflict) || conflict.StatusCode != 409 {
		t.Errorf("a second one for a server: %v", err)
	}

	variable, err := c1.Beta.Vaults.Credentials.New(ctx, home.ID, v1.BetaVaultCredentialNewParams{
		Auth: v1.BetaVaultCredentialNewParamsAuthUnion{OfEnvironmentVariable: &v1.BetaManagedAgentsEnvironmentVariableCreateParams{
			SecretName: "KEY", SecretValue: "value", Type: "environment_variable",
			Networking: v1.BetaManagedAgentsCredentialNetworkingParamsUnion{OfLimited: &v1.BetaManagedAgentsLimitedCredentialNetworkingParams{
				AllowedHosts: []string{"*.example.com"}, Type: "limited"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	v := variable.Auth.AsEnvironmentVariable()
	if v.SecretName != "KEY" || v.Networking.AsLimited().AllowedHosts[0] != "*.example.com" || !v.InjectionLocation.Header || !v.InjectionLocation.Body {
		t.Errorf("variable: %+v", v)
	}
	read, err = c2.Beta.Vaults.Credentials.Update(ctx, variable.ID, v2.BetaVaultCredentialUpdateParams{VaultID: home.ID,
		Auth: v2.BetaVaultCredentialUpdateParamsAuthUnion{OfEnvironmentVariable: &v2.BetaManagedAgentsEnvironmentVariableUpdateParams{
			InjectionLocation: v2.BetaManagedAgentsInjectionLocationUpdateParams{Body: v2.Bool(false)},
			Networking:        v2.BetaManagedAgentsCredentialNetworkingParamsUnion{OfUnrestricted: &v2.BetaManagedAgentsUnrestrictedCredentialNetworkingParams{Type: "unrestricted"}},
		}}})
	if err != nil || read.Auth.Networking.Type != "unrestricted" || read.Auth.InjectionLocation.Body || !read.Auth.InjectionLocation.Header {
		t.Errorf("variable updated: %+v, %v", read, err)
	}

	var order []string
	for pager := c1.Beta.Vaults.Credentials.ListAutoPaging(ctx, home.ID, v1.BetaVaultCredentialListParams{Limit: v1.Int(1)}); pager.Next(); {
		order = append(order, pager.Current().ID)
	}
	if fmt.Sprint(order) != fmt.Sprint([]string{variable.ID, bearer.ID, oauth.ID}) {
		t.Errorf("list: %v", order)
	}
	old, err := c2.Beta.Vaults.Credentials.Archive(ctx, bearer.ID, v2.BetaVaultCredentialArchiveParams{VaultID: home.ID})
	if err != nil || old.ArchivedAt.IsZero() || old.Auth.MCPServerURL != "https://other.example.com" {
		t.Errorf("archive: %+v, %v", old, err)
	}
	gone, err := c1.Beta.Vaults.Credentials.Delete(ctx, variable.ID, v1.BetaVaultCredentialDeleteParams{VaultID: home.ID})
	if err != nil || gone.ID != variable.ID {
		t.Errorf("delete: %+v, %v", gone, err)
	}
	all := 0
	for pager := c2.Beta.Vaults.Credentials.ListAutoPaging(ctx, home.ID, v2.BetaVaultCredentialListParams{IncludeArchived: v2.Bool(true)}); pager.Next(); {
		all++
	}
	if all != 2 {
		t.Errorf("%d with archived ones", all)
	}
}
