package store

import (
	"database/sql"
	"fmt"

	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/vault"
)

// Resealer opens secrets and seals them again, under another key.
type Resealer interface {
	vault.Unsealer
	vault.Sealer
}

// sealed is a secret of a row.
type sealed struct {
	aad  string
	text string
	at   []any // parameters that name the row
}

// Reseal seals every secret of the database again and reports how many there
// are. An error names the one that it couldn't open or seal.
func Reseal(tx Tx, r Resealer) (int, error) {
	total := 0
	for _, place := range []struct {
		query, update string
		scan          func(*sql.Rows) (sealed, error)
	}{
		{`SELECT session_id, id, secret FROM session_resources WHERE secret IS NOT NULL`,
			`UPDATE session_resources SET secret = $1 WHERE id = $2`,
			func(rows *sql.Rows) (s sealed, err error) {
				var session, id string
				err = rows.Scan(&session, &id, &s.text)
				s.aad, s.at = resource.TokenAAD(session, id), []any{id}
				return s, err
			}},
		{`SELECT c.vault_id, c.id, s.name, s.sealed FROM credential_secrets s JOIN credentials c ON c.id = s.credential_id`,
			`UPDATE credential_secrets SET sealed = $1 WHERE credential_id = $2 AND name = $3`,
			func(rows *sql.Rows) (s sealed, err error) {
				var vaultID, id, name string
				err = rows.Scan(&vaultID, &id, &name, &s.text)
				s.aad, s.at = vault.AAD(vaultID, id, name), []any{id, name}
				return s, err
			}},
	} {
		all, err := Collect(tx, place.scan, place.query)
		if err != nil {
			return 0, err
		}
		for _, s := range all {
			plain, err := r.Unseal(s.text, s.aad)
			if err != nil {
				return 0, fmt.Errorf("open %s: %w", s.aad, err)
			}
			again, err := r.Seal(plain, s.aad)
			if err != nil {
				return 0, fmt.Errorf("seal %s: %w", s.aad, err)
			}
			if _, err := tx.Exec(place.update, append([]any{again}, s.at...)...); err != nil {
				return 0, err
			}
		}
		total += len(all)
	}
	return total, nil
}
