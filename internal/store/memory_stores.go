package store

import (
	"database/sql"

	"github.com/go-json-experiment/json"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/wire"
)

// memoryStoreDoc is what no query looks at.
type memoryStoreDoc struct {
	Name        string        `json:"name"`
	Description string        `json:"description"`
	Metadata    wire.Metadata `json:"metadata"`
}

const selectMemoryStore = `SELECT id, created_at, updated_at, archived_at, doc FROM memory_stores`

func scanMemoryStore(row scanner) (wire.MemoryStore, error) {
	s := wire.MemoryStore{Type: "memory_store"}
	var created, updated int64
	var archived *int64
	var raw []byte
	if err := row.Scan(&s.ID, &created, &updated, &archived, &raw); err != nil {
		return s, err
	}
	s.CreatedAt, s.UpdatedAt, s.ArchivedAt = wire.Micros(created), wire.Micros(updated), wire.MicrosPtr(archived)
	var doc memoryStoreDoc
	err := json.Unmarshal(raw, &doc)
	s.Name, s.Description, s.Metadata = doc.Name, doc.Description, doc.Metadata
	return s, err
}

// InsertMemoryStore writes a new store.
func InsertMemoryStore(tx Tx, s wire.MemoryStore) error {
	_, err := tx.Exec(`INSERT INTO memory_stores (id, created_at, updated_at, archived_at, doc) VALUES ($1, $2, $3, $4, $5)`,
		s.ID, s.CreatedAt.Micros(), s.UpdatedAt.Micros(), micros(s.ArchivedAt), encode(memoryStoreDoc{s.Name, s.Description, s.Metadata}))
	return err
}

// SaveMemoryStore writes what can change of a store.
func SaveMemoryStore(tx Tx, s wire.MemoryStore) error {
	_, err := tx.Exec(`UPDATE memory_stores SET updated_at = $2, archived_at = $3, doc = $4 WHERE id = $1`,
		s.ID, s.UpdatedAt.Micros(), micros(s.ArchivedAt), encode(memoryStoreDoc{s.Name, s.Description, s.Metadata}))
	return err
}

// GetMemoryStore reads a store, archived or not; ErrNotFound if there is none.
func GetMemoryStore(tx Tx, id string) (wire.MemoryStore, error) {
	s, err := scanMemoryStore(tx.QueryRow(selectMemoryStore+` WHERE id = $1`, id))
	if err == sql.ErrNoRows {
		err = ErrNotFound
	}
	return s, err
}

// DeleteMemoryStore removes a store with its memories and their versions.
// Sessions remember that they had it.
func DeleteMemoryStore(tx Tx, id string) error {
	for _, statement := range []string{
		`DELETE FROM memories WHERE store_id = $1`,
		`DELETE FROM memory_versions WHERE store_id = $1`,
		`DELETE FROM memory_stores WHERE id = $1`,
	} {
		if _, err := tx.Exec(statement, id); err != nil {
			return err
		}
	}
	return nil
}

// MemoryStoreKey is a store's place in a list by age.
func MemoryStoreKey(s wire.MemoryStore) page.Key {
	return page.Key{Sort: s.CreatedAt.Micros(), ID: s.ID}
}

// ListMemoryStores reads stores by age.
func ListMemoryStores(tx Tx, r page.Range, archived bool, created page.Window) ([]wire.MemoryStore, error) {
	var w where
	if !archived {
		w.add("archived_at IS NULL")
	}
	w.window("created_at", created)
	conds, tail := w.page(r, "created_at", "id")
	return Collect(tx, func(rows *sql.Rows) (wire.MemoryStore, error) { return scanMemoryStore(rows) },
		selectMemoryStore+conds+tail, w.args...)
}

// AttachMemoryStore notes that a session has a store.
func AttachMemoryStore(tx Tx, session, store string) error {
	_, err := tx.Exec(`INSERT INTO memory_attachments (session_id, store_id) VALUES ($1, $2)`, session, store)
	return err
}

// MountedStores reads the memory stores of a session's resources in their
// order.
func MountedStores(tx Tx, session string) ([]*wire.MemoryStoreResource, error) {
	all, err := ResourcesOf(tx, session)
	var out []*wire.MemoryStoreResource
	for _, r := range all {
		if m, ok := r.(*wire.MemoryStoreResource); ok {
			out = append(out, m)
		}
	}
	return out, err
}
