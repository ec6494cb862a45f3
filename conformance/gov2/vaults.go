package gov2

import (
	"slices"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
)

func newVault(t testing.TB, c *anthropic.Client) *anthropic.BetaManagedAgentsVault {
	t.Helper()
	return must(c.Beta.Vaults.New(ctx(t), anthropic.BetaVaultNewParams{DisplayName: "Keys", Metadata: map[string]string{"a": "b"}}))(t)
}

func vaultLife(t testing.TB, c *anthropic.Client) {
	vault := newVault(t, c)
	got := must(c.Beta.Vaults.Get(ctx(t), vault.ID, anthropic.BetaVaultGetParams{}))(t)
	equal(t, "retrieved", got.RawJSON(), vault.RawJSON())
	updated := must(c.Beta.Vaults.Update(ctx(t), vault.ID, anthropic.BetaVaultUpdateParams{DisplayName: anthropic.String("More keys")}))(t)
	equal(t, "metadata", updated.Metadata, map[string]string{"a": "b"})
	listed := all(t, c.Beta.Vaults.ListAutoPaging(ctx(t), anthropic.BetaVaultListParams{Limit: anthropic.Int(1)}))
	equal(t, "listed", slices.ContainsFunc(listed, func(v anthropic.BetaManagedAgentsVault) bool { return v.ID == vault.ID }), true)
	if must(c.Beta.Vaults.Archive(ctx(t), vault.ID, anthropic.BetaVaultArchiveParams{}))(t).ArchivedAt.IsZero() {
		t.Fatal("no archived_at")
	}
	gone := newVault(t, c)
	deleted := must(c.Beta.Vaults.Delete(ctx(t), gone.ID, anthropic.BetaVaultDeleteParams{}))(t)
	equal(t, "deleted", string(deleted.Type), "vault_deleted")
	_, err := c.Beta.Vaults.Get(ctx(t), gone.ID, anthropic.BetaVaultGetParams{})
	refused(t, err, 404, "not_found_error")
}

func credentialLife(t testing.TB, c *anthropic.Client) {
	vault := newVault(t, c)
	credential := must(c.Beta.Vaults.Credentials.New(ctx(t), vault.ID, anthropic.BetaVaultCredentialNewParams{
		Auth: anthropic.BetaVaultCredentialNewParamsAuthUnion{OfStaticBearer: &anthropic.BetaManagedAgentsStaticBearerCreateParams{
			Type: "static_bearer", MCPServerURL: "https://mcp.example.com/mcp", Token: "top-secret",
		}},
	}))(t)
	got := must(c.Beta.Vaults.Credentials.Get(ctx(t), credential.ID, anthropic.BetaVaultCredentialGetParams{VaultID: vault.ID}))(t)
	equal(t, "retrieved", got.RawJSON(), credential.RawJSON())
	equal(t, "shows its secret", strings.Contains(got.RawJSON(), "top-secret"), false)
	listed := all(t, c.Beta.Vaults.Credentials.ListAutoPaging(ctx(t), vault.ID, anthropic.BetaVaultCredentialListParams{}))
	equal(t, "listed", len(listed), 1)
	deleted := must(c.Beta.Vaults.Credentials.Delete(ctx(t), credential.ID, anthropic.BetaVaultCredentialDeleteParams{VaultID: vault.ID}))(t)
	equal(t, "deleted", string(deleted.Type), "vault_credential_deleted")
}
