package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// The credentials of the tests: a variable, and a bearer of an MCP server.
func variable(vaultID, id, name string, at int64) vault.Stored {
	return vault.Stored{Sealed: vault.Sealed{vault.SecretValue: "sealed " + id}, Credential: wire.Credential{
		ID: id, Type: "vault_credential", VaultID: vaultID, Metadata: wire.Metadata{}, CreatedAt: wire.Micros(at), UpdatedAt: wire.Micros(at),
		Auth: wire.CredentialAuth{EnvironmentVariable: &wire.EnvironmentVariable{Type: wire.TypeEnvironmentVariable, SecretName: name,
			Networking: wire.CredentialNetworking{Type: wire.TypeUnrestricted}}}}}
}

func bearer(vaultID, id, url string, at int64) vault.Stored {
	name := "of " + url
	return vault.Stored{Sealed: vault.Sealed{vault.Token: "sealed " + id}, Credential: wire.Credential{
		ID: id, Type: "vault_credential", VaultID: vaultID, DisplayName: &name, Metadata: wire.Metadata{"k": "v"}, CreatedAt: wire.Micros(at), UpdatedAt: wire.Micros(at),
		Auth: wire.CredentialAuth{StaticBearer: &wire.StaticBearer{Type: wire.TypeStaticBearer, MCPServerURL: url}}}}
}

func withVaults(t *testing.T, db store.DB, all ...vault.Stored) {
	t.Helper()
	update(t, db, func(tx store.Tx) error {
		for i := range 3 {
			if err := store.InsertVault(tx, wire.Vault{ID: fmt.Sprint("vlt_", i+1), CreatedAt: wire.Micros(1), UpdatedAt: wire.Micros(1)}); err != nil {
				return err
			}
		}
		for _, c := range all {
			if err := store.InsertCredential(tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func credentials(t *testing.T, db store.DB) {
	one, two := bearer("vlt_1", "vcrd_1", "https://mcp.example/", 3), variable("vlt_1", "vcrd_2", "KEY", 4)
	withVaults(t, db, one, two, variable("vlt_2", "vcrd_3", "KEY", 5))
	get := func(vaultID, id string) (text string) {
		view(t, db, func(tx store.Tx) error {
			c, err := store.GetCredential(tx, vaultID, id)
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			text = string(wire.Encode(c))
			return err
		})
		return text
	}
	if got := get("vlt_1", "vcrd_1"); got != string(wire.Encode(one.Credential)) {
		t.Errorf("got %s", got)
	}
	if get("vlt_2", "vcrd_1") != "" || get("vlt_1", "vcrd_none") != "" {
		t.Error("a credential is found in another vault, or without being there")
	}
	view(t, db, func(tx store.Tx) error {
		for lookup, want := range map[string]string{vault.Lookup(one.Auth): "vcrd_1", vault.Lookup(two.Auth): "vcrd_2", "mcp https://MCP.example": "", "variable key": ""} {
			if id, err := store.ActiveCredential(tx, "vlt_1", lookup); err != nil || id != want {
				t.Errorf("%s: %q, %v", lookup, id, err)
			}
		}
		if n, err := store.CountCredentials(tx, "vlt_1"); err != nil || n != 2 {
			t.Errorf("%d credentials, %v", n, err)
		}
		return nil
	})
	if err := db.Update(t.Context(), func(tx store.Tx) error {
		return store.InsertCredential(tx, bearer("vlt_1", "vcrd_9", "https://MCP.example:443", 9))
	}); err == nil {
		t.Error("a second active credential for a server got in")
	}

	// A change keeps the secrets that it doesn't have, and replaces those it has.
	one.DisplayName, one.UpdatedAt, one.Sealed = nil, wire.Micros(7), nil
	update(t, db, func(tx store.Tx) error { return store.SaveCredential(tx, one) })
	two.Sealed = vault.Sealed{vault.SecretValue: "again"}
	update(t, db, func(tx store.Tx) error { return store.SaveCredential(tx, two) })
	if got := get("vlt_1", "vcrd_1"); got != string(wire.Encode(one.Credential)) {
		t.Errorf("changed: %s", got)
	}
	if got := session(t, db, "vlt_1"); got != "vcrd_1[token=sealed vcrd_1] vcrd_2[secret_value=again]" {
		t.Errorf("session: %s", got)
	}

	update(t, db, func(tx store.Tx) error { return store.ArchiveCredential(tx, "vcrd_2", 8) })
	if got := get("vlt_1", "vcrd_2"); !strings.Contains(got, `"updated_at":"1970-01-01T00:00:00.000008Z","archived_at":"1970-01-01T00:00:00.000008Z"`) {
		t.Errorf("archived: %s", got)
	}
	if got := secrets(t, db); got != "vcrd_1 vcrd_3" {
		t.Errorf("secrets after archiving: %s", got)
	}
	update(t, db, func(tx store.Tx) error { return store.InsertCredential(tx, variable("vlt_1", "vcrd_4", "KEY", 9)) }) // the key is free
	list := func(archived bool, r page.Range) (ids string) {
		view(t, db, func(tx store.Tx) error {
			rows, err := store.ListCredentials(tx, "vlt_1", r, archived)
			for _, c := range rows {
				ids += c.ID + " "
			}
			return err
		})
		return ids
	}
	from := page.Key{Sort: 9, ID: "vcrd_4"}
	for want, got := range map[string]string{
		"vcrd_4 vcrd_1 ":        list(false, page.Range{Order: page.Desc, Limit: 5}),
		"vcrd_4 vcrd_2 vcrd_1 ": list(true, page.Range{Order: page.Desc, Limit: 5}),
		"vcrd_2 ":               list(true, page.Range{Order: page.Desc, Limit: 1, From: &from}),
	} {
		if got != want {
			t.Errorf("list: %s, want %s", got, want)
		}
	}

	update(t, db, func(tx store.Tx) error { return store.DeleteCredential(tx, "vcrd_1") })
	update(t, db, func(tx store.Tx) error { return store.ArchiveCredentials(tx, "vlt_1", 10) })
	if got := get("vlt_1", "vcrd_2"); !strings.Contains(got, `"archived_at":"1970-01-01T00:00:00.000008Z"`) {
		t.Errorf("archived again: %s", got)
	}
	if got := get("vlt_1", "vcrd_4"); !strings.Contains(got, `"archived_at":"1970-01-01T00:00:00.000010Z"`) {
		t.Errorf("archived with its vault: %s", got)
	}
	if get("vlt_1", "vcrd_1") != "" || secrets(t, db) != "vcrd_3" {
		t.Errorf("deleted and archived: %s, secrets of %s", get("vlt_1", "vcrd_1"), secrets(t, db))
	}
	update(t, db, func(tx store.Tx) error {
		return errors.Join(store.DeleteVault(tx, "vlt_1"), store.DeleteVault(tx, "vlt_2"))
	})
	if get("vlt_1", "vcrd_4") != "" || secrets(t, db) != "" {
		t.Errorf("credentials outlive their vaults")
	}
}

// session shows what a session over vaults has.
func session(t *testing.T, db store.DB, vaultIDs ...string) string {
	t.Helper()
	var out []string
	view(t, db, func(tx store.Tx) error {
		all, err := store.SessionCredentials(tx, vaultIDs)
		for _, c := range all {
			out = append(out, c.ID+strings.Replace(fmt.Sprint(c.Sealed), "map", "", 1))
		}
		return err
	})
	return strings.ReplaceAll(strings.Join(out, " "), ":", "=")
}

// secrets names the credentials that have sealed secrets.
func secrets(t *testing.T, db store.DB) (ids string) {
	t.Helper()
	view(t, db, func(tx store.Tx) error {
		rows, err := tx.Query(`SELECT DISTINCT credential_id FROM credential_secrets ORDER BY credential_id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids += " " + id
		}
		return rows.Err()
	})
	return strings.TrimSpace(ids)
}

// The first vault that has a credential for a key wins; the order of a
// session's vaults is the caller's.
func sessionCredentials(t *testing.T, db store.DB) {
	two := bearer("vlt_1", "vcrd_b", "https://mcp.example/sse", 2)
	two.Sealed = vault.Sealed{"access_token": "a", "refresh_token": "r"} // several secrets are one credential
	withVaults(t, db,
		variable("vlt_1", "vcrd_a", "KEY", 3), two,
		variable("vlt_2", "vcrd_c", "KEY", 1), variable("vlt_2", "vcrd_d", "OTHER", 1), bearer("vlt_2", "vcrd_e", "HTTPS://MCP.example:443/sse/", 5),
		bearer("vlt_2", "vcrd_f", "https://mcp.example/else", 6), variable("vlt_3", "vcrd_g", "KEY", 1))
	const b, c = "vcrd_b[access_token=a refresh_token=r]", "vcrd_c[secret_value=sealed vcrd_c]"
	const a, d = "vcrd_a[secret_value=sealed vcrd_a]", "vcrd_d[secret_value=sealed vcrd_d]"
	const e, f, g = "vcrd_e[token=sealed vcrd_e]", "vcrd_f[token=sealed vcrd_f]", "vcrd_g[secret_value=sealed vcrd_g]"
	check := func(want []string, vaultIDs ...string) {
		t.Helper()
		if got := session(t, db, vaultIDs...); got != strings.Join(want, " ") {
			t.Errorf("%v:\ngot  %s\nwant %s", vaultIDs, got, strings.Join(want, " "))
		}
	}
	check(nil)
	check(nil, "vlt_none")
	check([]string{b, a}, "vlt_1")
	check([]string{b, a, d, f}, "vlt_1", "vlt_2")
	check([]string{c, d, e, f}, "vlt_2", "vlt_1")
	check([]string{g, b}, "vlt_3", "vlt_none", "vlt_1")
	update(t, db, func(tx store.Tx) error { return store.ArchiveCredential(tx, "vcrd_a", 9) })
	check([]string{b, c, d, f}, "vlt_1", "vlt_2") // an archived one never matches
	update(t, db, func(tx store.Tx) error { return store.ArchiveCredentials(tx, "vlt_2", 9) })
	check([]string{b, g}, "vlt_1", "vlt_2", "vlt_3")
	update(t, db, func(tx store.Tx) error { return store.DeleteVault(tx, "vlt_1") })
	check([]string{g}, "vlt_1", "vlt_2", "vlt_3")
}
