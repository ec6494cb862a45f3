package store

import (
	"database/sql"
	"errors"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/wire"
)

const versionColumns = `id, store_id, memory_id, operation, created_at, actor_type, actor_id, path, sha256, size_bytes,
	redacted_at, redactor_type, redactor_id, `

func versionColumnsOf(full bool) string {
	if full {
		return `SELECT ` + versionColumns + `content FROM memory_versions`
	}
	return `SELECT ` + versionColumns + `NULL FROM memory_versions`
}

func scanMemoryVersion(row scanner) (wire.MemoryVersion, error) {
	v := wire.MemoryVersion{Type: "memory_version"}
	var created int64
	var redacted *int64
	var by, byID, redactor, redactorID *string
	err := row.Scan(&v.ID, &v.MemoryStoreID, &v.MemoryID, &v.Operation, &created, &by, &byID, &v.Path, &v.ContentSHA256, &v.ContentSizeBytes,
		&redacted, &redactor, &redactorID, &v.Content)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	v.CreatedAt, v.RedactedAt = wire.Micros(created), wire.MicrosPtr(redacted)
	v.CreatedBy, v.RedactedBy = actorOf(by, byID), actorOf(redactor, redactorID)
	return v, err
}

func actorOf(typ, id *string) *wire.Actor {
	if typ == nil || id == nil {
		return nil
	}
	a := wire.APIActor(*id)
	if *typ == wire.SessionActorType {
		a = wire.SessionActor(*id)
	}
	return &a
}

func actorID(a *wire.Actor) string { return a.SessionID + a.APIKeyID }

// InsertMemoryVersion writes a new version.
func InsertMemoryVersion(tx Tx, v wire.MemoryVersion) error {
	_, err := tx.Exec(`INSERT INTO memory_versions (id, store_id, memory_id, operation, created_at, actor_type, actor_id, path, content, sha256, size_bytes)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		v.ID, v.MemoryStoreID, v.MemoryID, v.Operation, v.CreatedAt.Micros(), v.CreatedBy.Type, actorID(v.CreatedBy),
		v.Path, v.Content, v.ContentSHA256, v.ContentSizeBytes)
	return err
}

// SaveRedaction writes that a version was redacted.
func SaveRedaction(tx Tx, v wire.MemoryVersion) error {
	_, err := tx.Exec(`UPDATE memory_versions SET path = NULL, content = NULL, sha256 = NULL, size_bytes = NULL,
		redacted_at = $2, redactor_type = $3, redactor_id = $4 WHERE id = $1`,
		v.ID, v.RedactedAt.Micros(), v.RedactedBy.Type, actorID(v.RedactedBy))
	return err
}

// GetMemoryVersion reads a version of a store; ErrNotFound if it has no such.
func GetMemoryVersion(tx Tx, store, id string) (wire.MemoryVersion, error) {
	return scanMemoryVersion(tx.QueryRow(versionColumnsOf(true)+` WHERE id = $1 AND store_id = $2`, id, store))
}

// IsHead tells whether a version is the newest of a live memory.
func IsHead(tx Tx, version string) (bool, error) {
	var n int
	err := One(tx, `SELECT COUNT(*) FROM memories WHERE version_id = $1`, []any{version}, &n)
	return n > 0, err
}

// VersionFilter selects versions for a list; "" is any.
type VersionFilter struct {
	MemoryID  string
	Operation string
	Actor     *wire.Actor // nil is any
	Created   page.Window
	Full      bool // with contents
}

// VersionKey is a version's place in a list by age.
func VersionKey(v wire.MemoryVersion) page.Key {
	return page.Key{Sort: v.CreatedAt.Micros(), ID: v.ID}
}

// ListMemoryVersions reads the versions of a store by age.
func ListMemoryVersions(tx Tx, store string, f VersionFilter, r page.Range) ([]wire.MemoryVersion, error) {
	var w where
	w.add("store_id = ?", store)
	if f.MemoryID != "" {
		w.add("memory_id = ?", f.MemoryID)
	}
	if f.Operation != "" {
		w.add("operation = ?", f.Operation)
	}
	if f.Actor != nil {
		w.add("actor_type = ?", f.Actor.Type)
		w.add("actor_id = ?", actorID(f.Actor))
	}
	w.window("created_at", f.Created)
	conds, tail := w.page(r, "created_at", "id")
	return Collect(tx, func(rows *sql.Rows) (wire.MemoryVersion, error) { return scanMemoryVersion(rows) },
		versionColumnsOf(f.Full)+conds+tail, w.args...)
}

// PruneMemoryVersions removes the oldest versions, at most limit, that are older than
// before (microseconds), not among the newest kept ones of their memory, and
// not the content of a live one. It answers how many went.
func PruneMemoryVersions(tx Tx, before int64, kept, limit int) (int64, error) {
	res, err := tx.Exec(`DELETE FROM memory_versions WHERE id IN (
		SELECT id FROM (
			SELECT id, created_at, ROW_NUMBER() OVER (PARTITION BY memory_id ORDER BY created_at DESC, id DESC) AS place
			FROM memory_versions WHERE memory_id IN (SELECT memory_id FROM memory_versions WHERE created_at < $1)
		) AS placed
		WHERE created_at < $1 AND place > $2 AND id NOT IN (SELECT version_id FROM memories) ORDER BY created_at, id LIMIT $3)`, before, kept, limit)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
