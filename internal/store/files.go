package store

import (
	"database/sql"

	"github.com/go-json-experiment/json"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/wire"
)

const fileColumns = `id, created_at, session_id, origin, path, expires_at, size_bytes, blob, doc`

func scanFile(row scanner) (f file.Record, err error) {
	var session, path sql.NullString
	var doc []byte
	if err := row.Scan(&f.ID, &f.CreatedAt, &session, &f.Origin, &path, &f.ExpiresAt, &f.Size, &f.Blob, &doc); err != nil {
		return f, err
	}
	f.SessionID, f.Path = session.String, path.String
	return f, json.Unmarshal(doc, &f.Doc)
}

func scanFiles(rows *sql.Rows) (file.Record, error) { return scanFile(rows) }

// InsertFile writes a new file.
func InsertFile(tx Tx, f *file.Record) error {
	_, err := tx.Exec(`INSERT INTO files (`+fileColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		f.ID, f.CreatedAt, nullable(f.SessionID), string(f.Origin), nullable(f.Path), f.ExpiresAt, f.Size, f.Blob, encode(f.Doc))
	return err
}

func nullable(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// FileRecord reads a file of any origin; ErrNotFound if there is none.
func FileRecord(tx Tx, id string) (file.Record, error) {
	f, err := scanFile(tx.QueryRow(`SELECT `+fileColumns+` FROM files WHERE id = $1`, id))
	if err == sql.ErrNoRows {
		err = ErrNotFound
	}
	return f, err
}

// GetFile is the API's form of a file whose bytes are there to be read;
// ErrNotFound otherwise.
func GetFile(tx Tx, id string) (wire.File, error) {
	f, err := FileRecord(tx, id)
	if err == nil && f.Blob == "" {
		err = ErrNotFound
	}
	return f.Wire(), err
}

// FileFilter selects files for a list. Copies that sessions mount are in it
// only if their ids are given; deleted outputs never are.
type FileFilter struct {
	SessionID string   // "" is any
	IDs       []string // nil is any
	Forgotten int64    // files that expired at this time or before are left out
}

// FileKey is a file's place in a list by age.
func FileKey(f file.Record) page.Key { return page.Key{Sort: f.CreatedAt, ID: f.ID} }

// ListFiles reads files by age.
func ListFiles(tx Tx, flt FileFilter, r page.Range) ([]file.Record, error) {
	var w where
	if flt.IDs == nil {
		w.add("origin IN ('upload', 'output')")
	} else {
		w.add("origin <> 'removed'")
		w.in("id", flt.IDs)
	}
	if flt.SessionID != "" {
		w.add("session_id = ?", flt.SessionID)
	}
	w.add("(expires_at IS NULL OR expires_at > ?)", flt.Forgotten)
	conds, tail := w.page(r, "created_at", "id")
	return Collect(tx, scanFiles, `SELECT `+fileColumns+` FROM files`+conds+tail, w.args...)
}

// DeleteFile removes a file and returns the key of its bytes if nothing else
// uses them, or "".
func DeleteFile(tx Tx, f *file.Record) (unused string, err error) {
	if _, err := tx.Exec(`DELETE FROM files WHERE id = $1`, f.ID); err != nil {
		return "", err
	}
	return unusedBlob(tx, f.Blob)
}

// RemoveOutput makes an output a mark that it was deleted: only its path and
// stamp stay. It returns what DeleteFile does.
func RemoveOutput(tx Tx, f *file.Record) (unused string, err error) {
	_, err = tx.Exec(`UPDATE files SET origin = 'removed', blob = '', size_bytes = 0, doc = $2 WHERE id = $1`,
		f.ID, encode(file.Doc{Stamp: f.Doc.Stamp}))
	if err != nil {
		return "", err
	}
	return unusedBlob(tx, f.Blob)
}

// SaveFileDoc writes a file's document.
func SaveFileDoc(tx Tx, f *file.Record) error {
	_, err := tx.Exec(`UPDATE files SET doc = $2 WHERE id = $1`, f.ID, encode(f.Doc))
	return err
}

// unusedBlob is key if no file has it, else "".
func unusedBlob(tx Tx, key string) (string, error) {
	if key == "" {
		return "", nil
	}
	var one int
	err := One(tx, `SELECT 1 FROM files WHERE blob = $1 LIMIT 1`, []any{key}, &one)
	switch err {
	case nil:
		return "", nil
	case ErrNotFound:
		return key, nil
	}
	return "", err
}

// unusedBlobs is the keys among those of files that no file has any more.
func unusedBlobs(tx Tx, files []file.Record) (keys []string, err error) {
	seen := map[string]bool{"": true}
	for _, f := range files {
		if seen[f.Blob] {
			continue
		}
		seen[f.Blob] = true
		key, err := unusedBlob(tx, f.Blob)
		if err != nil {
			return nil, err
		}
		if key != "" {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// Outputs reads what a session's agent has published, deleted ones included.
func Outputs(tx Tx, session string) ([]file.Record, error) {
	return Collect(tx, scanFiles, `SELECT `+fileColumns+` FROM files
		WHERE session_id = $1 AND origin IN ('output', 'removed') ORDER BY created_at, id`, session)
}

// DeleteSessionFiles removes the copies and outputs of a session and returns
// the keys of bytes that nothing uses any more.
func DeleteSessionFiles(tx Tx, session string) (unused []string, err error) {
	files, err := Collect(tx, scanFiles, `SELECT `+fileColumns+` FROM files WHERE session_id = $1`, session)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	if _, err := tx.Exec(`DELETE FROM files WHERE session_id = $1`, session); err != nil {
		return nil, err
	}
	return unusedBlobs(tx, files)
}

// StoredBytes is the size of all files whose bytes are kept, copies aside:
// they share the bytes of their source.
func StoredBytes(tx Tx) (n int64, err error) {
	err = One(tx, `SELECT CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) FROM files WHERE origin <> 'copy' AND blob <> ''`, nil, &n)
	return n, err
}
