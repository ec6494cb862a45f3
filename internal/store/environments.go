package store

import (
	"database/sql"

	"github.com/go-json-experiment/json"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/wire"
)

// environmentDoc is what no query looks at.
type environmentDoc struct {
	Description *string                `json:"description"`
	Scope       string                 `json:"scope"`
	Config      wire.EnvironmentConfig `json:"config"`
	Metadata    wire.Metadata          `json:"metadata"`
}

func docOf(e wire.Environment) string {
	return encode(environmentDoc{Description: e.Description, Scope: e.Scope, Config: e.Config, Metadata: e.Metadata})
}

const selectEnvironment = `SELECT id, name, created_at, updated_at, archived_at, doc FROM environments`

func scanEnvironment(row scanner) (wire.Environment, error) {
	e := wire.Environment{Type: "environment"}
	var created, updated int64
	var archived *int64
	var raw []byte
	if err := row.Scan(&e.ID, &e.Name, &created, &updated, &archived, &raw); err != nil {
		return e, err
	}
	e.CreatedAt, e.UpdatedAt, e.ArchivedAt = wire.Micros(created), wire.Micros(updated), wire.MicrosPtr(archived)
	var doc environmentDoc
	err := json.Unmarshal(raw, &doc)
	e.Description, e.Scope, e.Config, e.Metadata = doc.Description, doc.Scope, doc.Config, doc.Metadata
	return e, err
}

// InsertEnvironment writes a new environment. The caller has made sure that no
// other has its name.
func InsertEnvironment(tx Tx, e wire.Environment) error {
	_, err := tx.Exec(`INSERT INTO environments (id, name, created_at, updated_at, archived_at, doc) VALUES ($1, $2, $3, $4, $5, $6)`,
		e.ID, e.Name, e.CreatedAt.Micros(), e.UpdatedAt.Micros(), micros(e.ArchivedAt), docOf(e))
	return err
}

// SaveEnvironment writes what can change of an environment.
func SaveEnvironment(tx Tx, e wire.Environment) error {
	_, err := tx.Exec(`UPDATE environments SET name = $2, updated_at = $3, archived_at = $4, doc = $5 WHERE id = $1`,
		e.ID, e.Name, e.UpdatedAt.Micros(), micros(e.ArchivedAt), docOf(e))
	return err
}

func micros(t *wire.Time) *int64 {
	if t == nil {
		return nil
	}
	us := t.Micros()
	return &us
}

// GetEnvironment reads an environment, archived or not; ErrNotFound if there
// is none.
func GetEnvironment(tx Tx, id string) (wire.Environment, error) {
	e, err := scanEnvironment(tx.QueryRow(selectEnvironment+` WHERE id = $1`, id))
	if err == sql.ErrNoRows {
		err = ErrNotFound
	}
	return e, err
}

// EnvironmentNamed is the id of the environment of a name, "" if there is
// none. Archived environments keep their name.
func EnvironmentNamed(tx Tx, name string) (string, error) {
	var id string
	err := One(tx, `SELECT id FROM environments WHERE name = $1`, []any{name}, &id)
	if err == ErrNotFound {
		return "", nil
	}
	return id, err
}

// EnvironmentInUse reports whether a session refers to an environment.
func EnvironmentInUse(tx Tx, id string) (bool, error) {
	var one int
	err := One(tx, `SELECT 1 FROM sessions WHERE environment_id = $1 LIMIT 1`, []any{id}, &one)
	if err == ErrNotFound {
		return false, nil
	}
	return err == nil, err
}

// DeleteEnvironment removes an environment.
func DeleteEnvironment(tx Tx, id string) error {
	_, err := tx.Exec(`DELETE FROM environments WHERE id = $1`, id)
	return err
}

// EnvironmentKey is an environment's place in a list by age.
func EnvironmentKey(e wire.Environment) page.Key {
	return page.Key{Sort: e.CreatedAt.Micros(), ID: e.ID}
}

// ListEnvironments reads environments by age.
func ListEnvironments(tx Tx, r page.Range, archived bool) ([]wire.Environment, error) {
	var w where
	if !archived {
		w.add("archived_at IS NULL")
	}
	conds, tail := w.page(r, "created_at", "id")
	return Collect(tx, func(rows *sql.Rows) (wire.Environment, error) { return scanEnvironment(rows) },
		selectEnvironment+conds+tail, w.args...)
}
