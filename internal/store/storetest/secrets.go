package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// marker seals by writing down under what, and opens only what matches.
type marker struct{ from, to string }

func (m marker) Unseal(sealed, aad string) (string, error) {
	plain, ok := strings.CutPrefix(sealed, m.from+" "+aad+" ")
	if !ok {
		return "", fmt.Errorf("%q doesn't open with %q", sealed, m.from)
	}
	return plain, nil
}

func (m marker) Seal(plain, aad string) (string, error) { return m.to + " " + aad + " " + plain, nil }

func reseal(t *testing.T, db store.DB) {
	one, two := variable("vlt_1", "vcrd_1", "KEY", 1), bearer("vlt_1", "vcrd_2", "https://mcp.example", 2)
	one.Sealed = vault.Sealed{vault.SecretValue: "old " + vault.AAD("vlt_1", "vcrd_1", vault.SecretValue) + " x"}
	two.Sealed = vault.Sealed{vault.Token: "old " + vault.AAD("vlt_1", "vcrd_2", vault.Token) + " y"}
	withVaults(t, db, one, two)
	plan, err := resource.Check([]wire.ResourceParams{{GitHubRepository: &wire.GitHubRepositoryParams{
		URL: wire.Some("https://github.com/a/b"), AuthorizationToken: wire.Some("z")}}, {GitHubRepository: &wire.GitHubRepositoryParams{
		URL: wire.Some("https://github.com/a/public")}}}, resource.Environment{}, resource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Bind("sesn_1", numbered{}, marker{to: "old"}); err != nil {
		t.Fatal(err)
	}
	plan.Items[1].ID = "sesrsc_2"
	update(t, db, func(tx store.Tx) error { return store.InsertResources(tx, plan, 1) })
	run := func(m marker) (n int, err error) {
		err = db.Update(t.Context(), func(tx store.Tx) (err error) {
			n, err = store.Reseal(tx, m)
			return err
		})
		return n, err
	}
	if n, err := run(marker{from: "old", to: "new"}); err != nil || n != 3 {
		t.Fatalf("%d secrets, %v", n, err)
	}
	if got, want := session(t, db, "vlt_1"), "vcrd_1[secret_value=new vault_credential/vlt_1/vcrd_1/secret_value x] vcrd_2[token=new vault_credential/vlt_1/vcrd_2/token y]"; got != want {
		t.Errorf("got %s", got)
	}
	view(t, db, func(tx store.Tx) error {
		for id, want := range map[string]string{"sesrsc_1": "new " + resource.TokenAAD("sesn_1", "sesrsc_1") + " z", "sesrsc_2": ""} {
			if got, err := store.ResourceSecret(tx, id); err != nil || got != want {
				t.Errorf("%s: %q, %v", id, got, err)
			}
		}
		return nil
	})

	// One that doesn't open stops it, and nothing has changed.
	update(t, db, func(tx store.Tx) error {
		two.Sealed = vault.Sealed{vault.Token: "damaged"}
		return store.SaveCredential(tx, two)
	})
	before := session(t, db, "vlt_1")
	if _, err := run(marker{from: "new", to: "newer"}); err == nil || !strings.Contains(err.Error(), "vcrd_2") {
		t.Errorf("a damaged secret: %v", err)
	}
	if after := session(t, db, "vlt_1"); after != before {
		t.Errorf("it was half done: %s", after)
	}
}

type numbered struct{}

func (numbered) New(prefix string) string { return prefix + "1" }
