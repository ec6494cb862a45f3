package store

import (
	"database/sql"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// credentialDoc is what no query looks at.
type credentialDoc struct {
	DisplayName *string             `json:"display_name"`
	Metadata    wire.Metadata       `json:"metadata"`
	Auth        wire.CredentialAuth `json:"auth"`
}

func docOfCredential(c wire.Credential) string {
	return encode(credentialDoc{DisplayName: c.DisplayName, Metadata: c.Metadata, Auth: c.Auth})
}

const credentialColumns = `c.id, c.vault_id, c.created_at, c.updated_at, c.archived_at, c.doc`

// scanCredential scans credentialColumns and, behind them, more.
func scanCredential(row scanner, more ...any) (wire.Credential, error) {
	c := wire.Credential{Type: "vault_credential"}
	var created, updated int64
	var archived *int64
	var raw []byte
	if err := row.Scan(append([]any{&c.ID, &c.VaultID, &created, &updated, &archived, &raw}, more...)...); err != nil {
		return c, err
	}
	c.CreatedAt, c.UpdatedAt, c.ArchivedAt = wire.Micros(created), wire.Micros(updated), wire.MicrosPtr(archived)
	var doc credentialDoc
	err := json.Unmarshal(raw, &doc)
	c.DisplayName, c.Metadata, c.Auth = doc.DisplayName, doc.Metadata, doc.Auth
	return c, err
}

// InsertCredential writes a new credential with its secrets. The caller has
// made sure that no other active one of the vault has its vault.Lookup.
func InsertCredential(tx Tx, c vault.Stored) error {
	_, err := tx.Exec(`INSERT INTO credentials (id, vault_id, lookup, created_at, updated_at, archived_at, doc)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.ID, c.VaultID, vault.Lookup(c.Auth), c.CreatedAt.Micros(), c.UpdatedAt.Micros(), micros(c.ArchivedAt), docOfCredential(c.Credential))
	if err != nil {
		return err
	}
	return saveSecrets(tx, c)
}

// SaveCredential writes what can change of an active credential. Secrets that
// c doesn't have stay as they are.
func SaveCredential(tx Tx, c vault.Stored) error {
	_, err := tx.Exec(`UPDATE credentials SET updated_at = $2, doc = $3 WHERE id = $1`,
		c.ID, c.UpdatedAt.Micros(), docOfCredential(c.Credential))
	if err != nil {
		return err
	}
	return saveSecrets(tx, c)
}

// saveSecrets writes the secrets that c has, and when they are due.
func saveSecrets(tx Tx, c vault.Stored) error {
	for _, name := range slices.Sorted(maps.Keys(c.Sealed)) {
		_, err := tx.Exec(`INSERT INTO credential_secrets (credential_id, name, sealed) VALUES ($1, $2, $3)
			ON CONFLICT (credential_id, name) DO UPDATE SET sealed = excluded.sealed`, c.ID, name, c.Sealed[name])
		if err != nil {
			return err
		}
	}
	return scheduleRefresh(tx, c.Credential)
}

// GetCredential reads a credential of a vault, archived or not, without its
// secrets; ErrNotFound if the vault has no such.
func GetCredential(tx Tx, vaultID, id string) (wire.Credential, error) {
	c, err := scanCredential(tx.QueryRow(`SELECT `+credentialColumns+` FROM credentials c WHERE c.id = $1 AND c.vault_id = $2`, id, vaultID))
	if err == sql.ErrNoRows {
		err = ErrNotFound
	}
	return c, err
}

// ActiveCredential is the id of the vault's active credential of a
// vault.Lookup, "" if there is none.
func ActiveCredential(tx Tx, vaultID, lookup string) (string, error) {
	var id string
	err := One(tx, `SELECT id FROM credentials WHERE vault_id = $1 AND lookup = $2 AND archived_at IS NULL`, []any{vaultID, lookup}, &id)
	if err == ErrNotFound {
		return "", nil
	}
	return id, err
}

// CountCredentials is how many active credentials a vault has.
func CountCredentials(tx Tx, vaultID string) (n int, err error) {
	err = One(tx, `SELECT COUNT(*) FROM credentials WHERE vault_id = $1 AND archived_at IS NULL`, []any{vaultID}, &n)
	return n, err
}

// ArchiveCredential archives a credential and purges its secrets. at is
// microseconds.
func ArchiveCredential(tx Tx, id string, at int64) error {
	_, err := tx.Exec(`UPDATE credentials SET archived_at = $2, updated_at = $2 WHERE id = $1`, id, at)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM credential_secrets WHERE credential_id = $1`, id)
	return err
}

// ArchiveCredentials is ArchiveCredential for all active credentials of a
// vault.
func ArchiveCredentials(tx Tx, vaultID string, at int64) error {
	_, err := tx.Exec(`DELETE FROM credential_secrets WHERE credential_id IN (SELECT id FROM credentials WHERE vault_id = $1)`, vaultID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE credentials SET archived_at = $2, updated_at = $2 WHERE vault_id = $1 AND archived_at IS NULL`, vaultID, at)
	return err
}

// DeleteCredential removes a credential with its secrets.
func DeleteCredential(tx Tx, id string) error {
	if _, err := tx.Exec(`DELETE FROM credential_secrets WHERE credential_id = $1`, id); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM credentials WHERE id = $1`, id)
	return err
}

// CredentialKey is a credential's place in a list by age.
func CredentialKey(c wire.Credential) page.Key {
	return page.Key{Sort: c.CreatedAt.Micros(), ID: c.ID}
}

// ListCredentials reads the credentials of a vault by age.
func ListCredentials(tx Tx, vaultID string, r page.Range, archived bool) ([]wire.Credential, error) {
	var w where
	w.add("c.vault_id = ?", vaultID)
	if !archived {
		w.add("c.archived_at IS NULL")
	}
	conds, tail := w.page(r, "c.created_at", "c.id")
	return Collect(tx, func(rows *sql.Rows) (wire.Credential, error) { return scanCredential(rows) },
		`SELECT `+credentialColumns+` FROM credentials c`+conds+tail, w.args...)
}

// SessionCredentials reads the active credentials that a session over these
// vaults has, with their sealed secrets. For each variable and each MCP server
// it is the credential of the first vault that has one (Managed Agents API:
// vaults). Vaults that were archived or deleted meanwhile have none. They come
// in the order of the vaults and of their creation.
func SessionCredentials(tx Tx, vaultIDs []string) ([]vault.Stored, error) {
	var out []vault.Stored
	taken := map[string]bool{}
	for _, id := range vaultIDs {
		all, err := activeCredentials(tx, `c.vault_id`, id)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			if key := vault.Lookup(c.Auth); !taken[key] {
				taken[key] = true
				out = append(out, c)
			}
		}
	}
	return out, nil
}

// activeCredentials reads the active credentials whose column is value, oldest
// first.
func activeCredentials(tx Tx, column, value string) ([]vault.Stored, error) {
	var out []vault.Stored
	_, err := Collect(tx, func(rows *sql.Rows) (struct{}, error) {
		var name, sealed string
		c, err := scanCredential(rows, &name, &sealed)
		if err != nil {
			return struct{}{}, err
		}
		if len(out) == 0 || out[len(out)-1].ID != c.ID {
			out = append(out, vault.Stored{Credential: c, Sealed: vault.Sealed{}})
		}
		out[len(out)-1].Sealed[name] = sealed
		return struct{}{}, nil
	}, `SELECT `+credentialColumns+`, s.name, s.sealed FROM credentials c JOIN credential_secrets s ON s.credential_id = c.id
		WHERE `+column+` = $1 AND c.archived_at IS NULL ORDER BY c.created_at, c.id, s.name`, value)
	return out, err
}
