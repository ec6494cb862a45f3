package store

import (
	"database/sql"
	"errors"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	selectMemory = `SELECT m.id, m.store_id, m.version_id, m.path, m.sha256, m.size_bytes, m.created_at, m.updated_at, v.content
		FROM memories m JOIN memory_versions v ON v.id = m.version_id`
	selectMemoryBasic = `SELECT m.id, m.store_id, m.version_id, m.path, m.sha256, m.size_bytes, m.created_at, m.updated_at, NULL
		FROM memories m`
)

func memoryColumns(full bool) string {
	if full {
		return selectMemory
	}
	return selectMemoryBasic
}

func scanMemory(row scanner) (wire.Memory, error) {
	m := wire.Memory{Type: "memory"}
	var created, updated int64
	err := row.Scan(&m.ID, &m.MemoryStoreID, &m.MemoryVersionID, &m.Path, &m.ContentSHA256, &m.ContentSizeBytes, &created, &updated, &m.Content)
	m.CreatedAt, m.UpdatedAt = wire.Micros(created), wire.Micros(updated)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return m, err
}

// InsertMemory writes a new memory. Its version must be written too.
func InsertMemory(tx Tx, m wire.Memory) error {
	_, err := tx.Exec(`INSERT INTO memories (id, store_id, path, version_id, sha256, size_bytes, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		m.ID, m.MemoryStoreID, m.Path, m.MemoryVersionID, m.ContentSHA256, m.ContentSizeBytes, m.CreatedAt.Micros(), m.UpdatedAt.Micros())
	return err
}

// SaveMemory writes what can change of a memory. Its version must be written
// too.
func SaveMemory(tx Tx, m wire.Memory) error {
	_, err := tx.Exec(`UPDATE memories SET path = $2, version_id = $3, sha256 = $4, size_bytes = $5, updated_at = $6 WHERE id = $1`,
		m.ID, m.Path, m.MemoryVersionID, m.ContentSHA256, m.ContentSizeBytes, m.UpdatedAt.Micros())
	return err
}

// DeleteMemory removes a memory; its versions stay.
func DeleteMemory(tx Tx, id string) error {
	_, err := tx.Exec(`DELETE FROM memories WHERE id = $1`, id)
	return err
}

// GetMemory reads a memory of a store with its content; ErrNotFound if the
// store has no such.
func GetMemory(tx Tx, store, id string) (wire.Memory, error) {
	return scanMemory(tx.QueryRow(selectMemory+` WHERE m.id = $1 AND m.store_id = $2`, id, store))
}

// MemoryAt reads the memory of a path with its content; ErrNotFound if there
// is none.
func MemoryAt(tx Tx, store, path string) (wire.Memory, error) {
	return scanMemory(tx.QueryRow(selectMemory+` WHERE m.store_id = $1 AND m.path = $2`, store, path))
}

// MemoryBelow is the first memory below the directory dir other than except;
// ErrNotFound if there is none.
func MemoryBelow(tx Tx, store, dir, except string) (wire.Memory, error) {
	return scanMemory(tx.QueryRow(selectMemoryBasic+` WHERE m.store_id = $1 AND m.path > $2 AND m.path < $3 AND m.id <> $4
		ORDER BY m.path LIMIT 1`, store, dir+"/", after(dir+"/"), except))
}

// CountMemories is how many memories a store holds.
func CountMemories(tx Tx, store string) (n int, err error) {
	err = One(tx, `SELECT COUNT(*) FROM memories WHERE store_id = $1`, []any{store}, &n)
	return n, err
}

// after is the least text that comes after all that begin with prefix, which
// ends with a slash.
func after(prefix string) string { return prefix[:len(prefix)-1] + string('/'+1) }

// MemoriesIn reads the memories of a store below a prefix ("" is all, else it
// ends with a slash) whose path comes after from, in byte order of their
// paths, with their contents if full; limit 0 is all.
func MemoriesIn(tx Tx, store, prefix, from string, full bool, limit int) ([]wire.Memory, error) {
	var w where
	w.add("m.store_id = ?", store)
	if prefix != "" && prefix != "/" {
		w.add("m.path > ?", prefix)
		w.add("m.path < ?", after(prefix))
	}
	if from != "" {
		w.add("m.path > ?", from)
	}
	query := memoryColumns(full) + w.sql() + " ORDER BY m.path"
	if limit > 0 {
		query += " LIMIT " + w.arg(limit)
	}
	return Collect(tx, func(rows *sql.Rows) (wire.Memory, error) { return scanMemory(rows) }, query, w.args...)
}

// MemoryContents reads the contents of memories by their newest versions. Of
// versions that are gone it has none.
func MemoryContents(tx Tx, versions []string) (map[string]string, error) {
	out := make(map[string]string, len(versions))
	if len(versions) == 0 {
		return out, nil
	}
	var w where
	w.in("id", versions)
	rows, err := tx.Query(`SELECT id, content FROM memory_versions`+w.sql()+` AND content IS NOT NULL`, w.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, content string
		if err := rows.Scan(&id, &content); err != nil {
			return nil, err
		}
		out[id] = content
	}
	return out, rows.Err()
}

// ItemKey is the place of an item in a list of memories.
func ItemKey(i wire.MemoryItem) page.Key { return page.Key{ID: i.ItemPath()} }
