package store

import (
	"database/sql"
	"errors"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/wire"
)

// InsertResources carries a bound plan out: every file is copied (a new record
// over the same bytes), every resource gets its row. A file that can't be
// mounted is a refusal that names its JSON path. at is microseconds.
func InsertResources(tx Tx, plan resource.Plan, at int64) error {
	if len(plan.Items) == 0 {
		return nil
	}
	var last int64
	err := One(tx, `SELECT COALESCE(MAX(pos), 0) FROM session_resources WHERE session_id = $1`, []any{plan.SessionID}, &last)
	if err != nil {
		return err
	}
	for i := range plan.Items {
		item := &plan.Items[i]
		if item.Type == wire.ResourceFile {
			if err := copyFile(tx, plan, item, at); err != nil {
				return err
			}
		}
		if item.Memory != nil {
			if err := AttachMemoryStore(tx, plan.SessionID, item.Memory.MemoryStoreID); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`INSERT INTO session_resources (id, session_id, pos, type, created_at, updated_at, doc, secret)
			VALUES ($1, $2, $3, $4, $5, $5, $6, $7)`,
			item.ID, plan.SessionID, last+int64(i)+1, item.Type, at, encode(item.Wire(at)), nullable(item.Secret))
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(tx Tx, plan resource.Plan, item *resource.Item, at int64) error {
	src, err := FileRecord(tx, item.FileID)
	switch {
	case errors.Is(err, ErrNotFound):
		return item.CheckSource(nil, at)
	case err != nil:
		return err
	}
	if err := item.CheckSource(&src, at); err != nil {
		return err
	}
	dup := plan.Copy(item, &src, at)
	return InsertFile(tx, &dup)
}

// ResourcesOf reads the resources of a session in the order of their creation.
// It is never nil.
func ResourcesOf(tx Tx, session string) ([]wire.Resource, error) {
	out, err := Collect(tx, func(rows *sql.Rows) (wire.Resource, error) {
		var doc []byte
		if err := rows.Scan(&doc); err != nil {
			return nil, err
		}
		return wire.DecodeResource(doc)
	}, `SELECT doc FROM session_resources WHERE session_id = $1 ORDER BY pos`, session)
	if out == nil {
		out = []wire.Resource{}
	}
	return out, err
}

// Placed is a resource and its place in the list of its session.
type Placed struct {
	Pos      int64
	Resource wire.Resource
}

// PlacedKey is a resource's place in a list.
func PlacedKey(p Placed) page.Key { return page.Key{Sort: p.Pos} }

// ListResources reads the resources of a session by creation.
func ListResources(tx Tx, session string, r page.Range) ([]Placed, error) {
	var w where
	w.add("session_id = ?", session)
	conds, tail := w.page(r, "pos", "")
	return Collect(tx, func(rows *sql.Rows) (p Placed, err error) {
		var doc []byte
		if err := rows.Scan(&p.Pos, &doc); err != nil {
			return p, err
		}
		p.Resource, err = wire.DecodeResource(doc)
		return p, err
	}, `SELECT pos, doc FROM session_resources`+conds+tail, w.args...)
}

// GetResource reads a resource of a session; ErrNotFound if it has no such.
func GetResource(tx Tx, session, id string) (wire.Resource, error) {
	var doc []byte
	err := One(tx, `SELECT doc FROM session_resources WHERE id = $1 AND session_id = $2`, []any{id, session}, &doc)
	if err != nil {
		return nil, err
	}
	return wire.DecodeResource(doc)
}

// ResourceSecret is the sealed token of a resource, "" if it has none;
// ErrNotFound if there is no such resource.
func ResourceSecret(tx Tx, id string) (string, error) {
	var secret sql.NullString
	err := One(tx, `SELECT secret FROM session_resources WHERE id = $1`, []any{id}, &secret)
	return secret.String, err
}

// SaveResource writes what can change of a resource: its form and its sealed
// token. at is microseconds.
func SaveResource(tx Tx, r wire.Resource, secret string, at int64) error {
	_, err := tx.Exec(`UPDATE session_resources SET updated_at = $2, doc = $3, secret = $4 WHERE id = $1`,
		r.ResourceID(), at, encode(r), nullable(secret))
	return err
}

// DeleteFileResource removes a file resource with the session's copy, and
// returns the key of the bytes if nothing else uses them, or "".
func DeleteFileResource(tx Tx, r *wire.FileResource) (unused string, err error) {
	if _, err := tx.Exec(`DELETE FROM session_resources WHERE id = $1`, r.ID); err != nil {
		return "", err
	}
	dup, err := FileRecord(tx, r.FileID)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return DeleteFile(tx, &dup)
}

// MountedFile is a file resource with what it takes to place its bytes.
type MountedFile struct {
	Resource *wire.FileResource
	File     file.Record // the session's copy
}

// MountedFiles reads the file resources of a session in the order of their
// creation.
func MountedFiles(tx Tx, session string) ([]MountedFile, error) {
	all, err := ResourcesOf(tx, session)
	if err != nil {
		return nil, err
	}
	var out []MountedFile
	for _, r := range all {
		f, ok := r.(*wire.FileResource)
		if !ok {
			continue
		}
		rec, err := FileRecord(tx, f.FileID)
		if err != nil {
			return nil, err
		}
		out = append(out, MountedFile{Resource: f, File: rec})
	}
	return out, nil
}
