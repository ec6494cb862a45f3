package filestore

import (
	"context"
	"errors"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/store"
)

// Publication is an output of a session whose bytes are staged.
type Publication struct {
	Staged   *Staged
	Path     string // below the session's outputs
	Filename string
	MimeType string
	Stamp    file.Stamp
	Replaces []file.Record // go in the same moment
}

// Publish makes records of outputs, all or none. ErrNotFound of the store says
// that the session is gone. On an error the bytes are discarded.
func (f *Files) Publish(ctx context.Context, session string, pubs []Publication) error {
	var unused []string
	err := f.c.DB.Update(ctx, func(tx store.Tx) error {
		unused = nil
		var size int64
		for _, p := range pubs {
			size += p.Staged.Size
		}
		if err := f.checkQuota(tx, size); err != nil {
			return err
		}
		if _, err := store.GetSession(tx, session); err != nil {
			return err
		}
		now := f.now()
		for _, p := range pubs {
			keys, err := publish(tx, session, p, now)
			if err != nil {
				return err
			}
			unused = append(unused, keys...)
		}
		return nil
	})
	if err != nil {
		errs := []error{err}
		for _, p := range pubs {
			errs = append(errs, f.Discard(ctx, p.Staged))
		}
		return errors.Join(errs...)
	}
	return f.Release(ctx, unused)
}

func publish(tx store.Tx, session string, p Publication, now int64) (unused []string, err error) {
	stamp := p.Stamp
	rec := file.Record{
		ID: p.Staged.ID, CreatedAt: now, SessionID: session, Origin: file.Output, Path: p.Path,
		Size: p.Staged.Size, Blob: p.Staged.Blob,
		Doc: file.Doc{Filename: p.Filename, MimeType: p.MimeType, SHA256: p.Staged.SHA256, Stamp: &stamp},
	}
	if err := store.InsertFile(tx, &rec); err != nil {
		return nil, err
	}
	for _, old := range p.Replaces {
		// Its bytes may be in use by now: read it as it is in this transaction.
		cur, err := store.FileRecord(tx, old.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // the session's files were deleted by a client
		}
		if err != nil {
			return nil, err
		}
		key, err := store.DeleteFile(tx, &cur)
		if err != nil {
			return nil, err
		}
		unused = append(unused, key)
	}
	return unused, nil
}

// Outputs reads what a session has published, marks of deleted outputs
// included.
func (f *Files) Outputs(ctx context.Context, session string) (out []file.Record, err error) {
	err = f.c.DB.View(ctx, func(tx store.Tx) error {
		out, err = store.Outputs(tx, session)
		return err
	})
	return out, err
}

// Restamp notes that outputs are the same as before under another stamp.
func (f *Files) Restamp(ctx context.Context, stamps map[string]file.Stamp) error {
	if len(stamps) == 0 {
		return nil
	}
	return f.c.DB.Update(ctx, func(tx store.Tx) error {
		for id, stamp := range stamps {
			rec, err := store.FileRecord(tx, id)
			if errors.Is(err, store.ErrNotFound) {
				continue // deleted meanwhile
			}
			if err != nil {
				return err
			}
			rec.Doc.Stamp = &stamp
			if err := store.SaveFileDoc(tx, &rec); err != nil {
				return err
			}
		}
		return nil
	})
}

// Mounted reads the file resources of a session.
func (f *Files) Mounted(ctx context.Context, session string) (out []store.MountedFile, err error) {
	err = f.c.DB.View(ctx, func(tx store.Tx) error {
		out, err = store.MountedFiles(tx, session)
		return err
	})
	return out, err
}
