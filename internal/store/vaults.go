package store

import (
	"database/sql"

	"github.com/go-json-experiment/json"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/wire"
)

// vaultDoc is what no query looks at.
type vaultDoc struct {
	DisplayName string        `json:"display_name"`
	Metadata    wire.Metadata `json:"metadata"`
}

const selectVault = `SELECT id, created_at, updated_at, archived_at, doc FROM vaults`

func scanVault(row scanner) (wire.Vault, error) {
	v := wire.Vault{Type: "vault"}
	var created, updated int64
	var archived *int64
	var raw []byte
	if err := row.Scan(&v.ID, &created, &updated, &archived, &raw); err != nil {
		return v, err
	}
	v.CreatedAt, v.UpdatedAt, v.ArchivedAt = wire.Micros(created), wire.Micros(updated), wire.MicrosPtr(archived)
	var doc vaultDoc
	err := json.Unmarshal(raw, &doc)
	v.DisplayName, v.Metadata = doc.DisplayName, doc.Metadata
	return v, err
}

// InsertVault writes a new vault.
func InsertVault(tx Tx, v wire.Vault) error {
	_, err := tx.Exec(`INSERT INTO vaults (id, created_at, updated_at, archived_at, doc) VALUES ($1, $2, $3, $4, $5)`,
		v.ID, v.CreatedAt.Micros(), v.UpdatedAt.Micros(), micros(v.ArchivedAt), encode(vaultDoc{v.DisplayName, v.Metadata}))
	return err
}

// SaveVault writes what can change of a vault.
func SaveVault(tx Tx, v wire.Vault) error {
	_, err := tx.Exec(`UPDATE vaults SET updated_at = $2, archived_at = $3, doc = $4 WHERE id = $1`,
		v.ID, v.UpdatedAt.Micros(), micros(v.ArchivedAt), encode(vaultDoc{v.DisplayName, v.Metadata}))
	return err
}

// GetVault reads a vault, archived or not; ErrNotFound if there is none.
func GetVault(tx Tx, id string) (wire.Vault, error) {
	v, err := scanVault(tx.QueryRow(selectVault+` WHERE id = $1`, id))
	if err == sql.ErrNoRows {
		err = ErrNotFound
	}
	return v, err
}

// DeleteVault removes a vault with its credentials and their secrets.
func DeleteVault(tx Tx, id string) error {
	for _, statement := range []string{
		`DELETE FROM credential_secrets WHERE credential_id IN (SELECT id FROM credentials WHERE vault_id = $1)`,
		`DELETE FROM credentials WHERE vault_id = $1`,
		`DELETE FROM vaults WHERE id = $1`,
	} {
		if _, err := tx.Exec(statement, id); err != nil {
			return err
		}
	}
	return nil
}

// VaultKey is a vault's place in a list by age.
func VaultKey(v wire.Vault) page.Key { return page.Key{Sort: v.CreatedAt.Micros(), ID: v.ID} }

// ListVaults reads vaults by age.
func ListVaults(tx Tx, r page.Range, archived bool) ([]wire.Vault, error) {
	var w where
	if !archived {
		w.add("archived_at IS NULL")
	}
	conds, tail := w.page(r, "created_at", "id")
	return Collect(tx, func(rows *sql.Rows) (wire.Vault, error) { return scanVault(rows) }, selectVault+conds+tail, w.args...)
}
