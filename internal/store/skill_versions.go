package store

import (
	"database/sql"

	"github.com/go-json-experiment/json"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/skill"
)

const selectVersion = `SELECT id, skill_id, created_at, blob, doc FROM skill_versions`

func scanSkillVersion(row scanner) (v skill.Version, err error) {
	var doc []byte
	if err := row.Scan(&v.ID, &v.SkillID, &v.CreatedAt, &v.Blob, &doc); err != nil {
		return v, err
	}
	return v, json.Unmarshal(doc, &v.Doc)
}

func oneVersion(row *sql.Row) (skill.Version, error) {
	v, err := scanSkillVersion(row)
	if err == sql.ErrNoRows {
		err = ErrNotFound
	}
	return v, err
}

// InsertSkillVersion writes a new version.
func InsertSkillVersion(tx Tx, v skill.Version) error {
	_, err := tx.Exec(`INSERT INTO skill_versions (id, skill_id, created_at, hidden, blob, doc) VALUES ($1, $2, $3, 0, $4, $5)`,
		v.ID, v.SkillID, v.CreatedAt, v.Blob, encode(v.Doc))
	return err
}

// GetSkillVersion reads a version of a skill by its address (skill.Address);
// ErrNotFound if there is none.
func GetSkillVersion(tx Tx, skillID, address string) (skill.Version, error) {
	id, at := skill.Address(address)
	return oneVersion(tx.QueryRow(selectVersion+` WHERE skill_id = $1 AND (id = $2 OR created_at = $3) AND hidden = 0`, skillID, id, at))
}

// NewestSkillVersion reads the newest version of a skill.
func NewestSkillVersion(tx Tx, skillID string) (skill.Version, error) {
	return oneVersion(tx.QueryRow(selectVersion+` WHERE skill_id = $1 AND hidden = 0 ORDER BY created_at DESC LIMIT 1`, skillID))
}

// UsedSkillVersion reads a version that a session uses, which may have been
// deleted since.
func UsedSkillVersion(tx Tx, id string) (skill.Version, error) {
	return oneVersion(tx.QueryRow(selectVersion+` WHERE id = $1`, id))
}

// SkillVersionKey is a version's place in the list of its skill.
func SkillVersionKey(v skill.Version) page.Key { return page.Key{Sort: v.CreatedAt} }

// ListSkillVersions reads versions of a skill by age.
func ListSkillVersions(tx Tx, skillID string, r page.Range) ([]skill.Version, error) {
	var w where
	w.add("skill_id = ?", skillID)
	w.add("hidden = 0")
	conds, tail := w.page(r, "created_at", "")
	return Collect(tx, func(rows *sql.Rows) (skill.Version, error) { return scanSkillVersion(rows) }, selectVersion+conds+tail, w.args...)
}

// DeleteSkillVersion removes a version from its skill and returns the key of
// its archive if no session uses it.
func DeleteSkillVersion(tx Tx, id string) (unused []string, err error) {
	if _, err := tx.Exec(`UPDATE skill_versions SET hidden = 1 WHERE id = $1`, id); err != nil {
		return nil, err
	}
	return sweepVersions(tx, `id = $1`, id)
}

// UseSkills notes that a session uses versions.
func UseSkills(tx Tx, session string, versions []string) error {
	for _, id := range versions {
		if _, err := tx.Exec(`INSERT INTO session_skills (session_id, version_id) VALUES ($1, $2)`, session, id); err != nil {
			return err
		}
	}
	return nil
}

// ReleaseSkills notes that a session uses no skills any more, and returns the
// keys of archives that nothing uses now.
func ReleaseSkills(tx Tx, session string) (unused []string, err error) {
	used, err := Collect(tx, func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) },
		`SELECT version_id FROM session_skills WHERE session_id = $1`, session)
	if err != nil || len(used) == 0 {
		return nil, err
	}
	if _, err := tx.Exec(`DELETE FROM session_skills WHERE session_id = $1`, session); err != nil {
		return nil, err
	}
	for _, id := range used {
		keys, err := sweepVersions(tx, `id = $1`, id)
		if err != nil {
			return nil, err
		}
		unused = append(unused, keys...)
	}
	return unused, nil
}

// UnknownSkillVersions is the ids among the given ones that no version has,
// hidden or not.
func UnknownSkillVersions(tx Tx, ids []string) (unknown []string, err error) {
	for _, id := range ids {
		switch _, err := UsedSkillVersion(tx, id); err {
		case nil:
		case ErrNotFound:
			unknown = append(unknown, id)
		default:
			return nil, err
		}
	}
	return unknown, nil
}
