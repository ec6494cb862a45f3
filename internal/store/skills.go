package store

import (
	"database/sql"

	"github.com/go-json-experiment/json"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/skill"
)

const selectSkill = `SELECT id, created_at, updated_at, latest, latest_at, doc FROM skills`

func scanSkill(row scanner) (r skill.Record, err error) {
	var doc []byte
	if err := row.Scan(&r.ID, &r.CreatedAt, &r.UpdatedAt, &r.Latest, &r.LatestAt, &doc); err != nil {
		return r, err
	}
	r.Source = skill.Custom
	return r, json.Unmarshal(doc, &r.Doc)
}

// InsertSkill writes a new skill.
func InsertSkill(tx Tx, r skill.Record) error {
	_, err := tx.Exec(`INSERT INTO skills (id, created_at, updated_at, latest, latest_at, doc) VALUES ($1, $2, $3, $4, $5, $6)`,
		r.ID, r.CreatedAt, r.UpdatedAt, r.Latest, r.LatestAt, encode(r.Doc))
	return err
}

// SaveSkill writes what can change of a skill.
func SaveSkill(tx Tx, r skill.Record) error {
	_, err := tx.Exec(`UPDATE skills SET updated_at = $2, latest = $3, latest_at = $4 WHERE id = $1`, r.ID, r.UpdatedAt, r.Latest, r.LatestAt)
	return err
}

// GetSkill reads a skill; ErrNotFound if there is none.
func GetSkill(tx Tx, id string) (skill.Record, error) {
	r, err := scanSkill(tx.QueryRow(selectSkill+` WHERE id = $1`, id))
	if err == sql.ErrNoRows {
		err = ErrNotFound
	}
	return r, err
}

// SkillKey is a skill's place in a list by age.
func SkillKey(r skill.Record) page.Key { return page.Key{Sort: r.CreatedAt, ID: r.ID} }

// ListSkills reads skills by age.
func ListSkills(tx Tx, r page.Range) ([]skill.Record, error) {
	var w where
	conds, tail := w.page(r, "created_at", "id")
	return Collect(tx, func(rows *sql.Rows) (skill.Record, error) { return scanSkill(rows) }, selectSkill+conds+tail, w.args...)
}

// DeleteSkill removes a skill with its versions and returns the keys of
// archives that nothing uses any more.
func DeleteSkill(tx Tx, id string) (unused []string, err error) {
	if _, err := tx.Exec(`DELETE FROM skills WHERE id = $1`, id); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`UPDATE skill_versions SET hidden = 1 WHERE skill_id = $1`, id); err != nil {
		return nil, err
	}
	return sweepVersions(tx, `skill_id = $1`, id)
}

// sweepVersions removes the hidden versions under a condition that no session
// uses, and returns the keys of their archives.
func sweepVersions(tx Tx, cond string, arg any) ([]string, error) {
	cond += ` AND hidden = 1 AND NOT EXISTS (SELECT 1 FROM session_skills WHERE version_id = skill_versions.id)`
	unused, err := Collect(tx, func(rows *sql.Rows) (key string, err error) { return key, rows.Scan(&key) },
		`SELECT blob FROM skill_versions WHERE `+cond, arg)
	if err != nil || len(unused) == 0 {
		return nil, err
	}
	_, err = tx.Exec(`DELETE FROM skill_versions WHERE `+cond, arg)
	return unused, err
}
