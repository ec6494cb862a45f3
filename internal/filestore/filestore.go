// Package filestore keeps files: a record in the store and its bytes in the
// blob store, in an order that a crash can't spoil.
//
// Promises: a record appears only when its bytes are complete and durable; its
// bytes go only after no record names them any more. A crash between the two
// leaves bytes without a record, which [Files.CollectGarbage] removes. Bytes
// that several records share (the copies of a file that sessions mount) stay
// until the last of them is gone.
//
// The package may not import api, brain, journal, hands or net/http.
package filestore

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/ostlerdev/ostler/internal/blob"
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
)

// Prefix begins the blob keys of files.
const Prefix = "files/"

// Config is what Files works with. The options may stay zero.
type Config struct {
	DB    store.DB
	Blobs blob.Store
	IDs   ids.Source
	Now   func() time.Time

	// MaxBytes bounds one file; 0 is file.MaxBytes.
	MaxBytes int64
	// QuotaBytes bounds all files together; 0 is no bound but the disk's.
	QuotaBytes int64
	// DownloadUploads lets clients download what they uploaded, which the
	// hosted service refuses.
	DownloadUploads bool
}

// Files keeps files. It is safe for concurrent use.
type Files struct{ c Config }

// New makes a Files.
func New(c Config) *Files {
	if c.MaxBytes == 0 {
		c.MaxBytes = file.MaxBytes
	}
	return &Files{c}
}

// DB is the store of the records.
func (f *Files) DB() store.DB { return f.c.DB }

// MaxBytes is the most one file may have.
func (f *Files) MaxBytes() int64 { return f.c.MaxBytes }

func (f *Files) now() int64 { return f.c.Now().UnixMicro() }

// Staged is bytes that are stored and have no record yet. It ends with Create,
// Replace or Discard.
type Staged struct {
	ID     string // that its record will have
	Blob   string
	Size   int64
	SHA256 string // hex
	Head   []byte // the first file.SniffLen bytes, or all
}

// Stage stores the bytes of r. A fault says that there are too many (413), or
// that the server has no room for them (400, code storage_quota_exceeded). An
// error of r comes wrapped. Memory use doesn't grow with the file.
func (f *Files) Stage(ctx context.Context, r io.Reader) (*Staged, error) {
	id := f.c.IDs.New(ids.File)
	s := &Staged{ID: id, Blob: Prefix + id}
	in := bufio.NewReaderSize(r, 32<<10)
	head, err := in.Peek(file.SniffLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	s.Head = append(s.Head, head...)
	w, err := f.c.Blobs.Put(ctx, s.Blob, in, f.c.MaxBytes)
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return nil, fault.New(fault.TooLarge, "the file is larger than %d bytes", f.c.MaxBytes)
	case errors.Is(err, blob.ErrNoSpace):
		return nil, noRoom("the server has no space left for the file")
	case err != nil:
		return nil, err
	}
	s.Size, s.SHA256 = w.Size, hex.EncodeToString(w.SHA256[:])
	return s, nil
}

func noRoom(text string) error {
	return fault.New(fault.Invalid, "%s: delete files and try again", text).WithCode("storage_quota_exceeded")
}

// Discard removes the bytes. It is called also when ctx has ended.
func (f *Files) Discard(ctx context.Context, s *Staged) error {
	return f.c.Blobs.Delete(context.WithoutCancel(ctx), s.Blob)
}

// Upload makes a record of a client's file. expires is in seconds, 0 for
// never. On an error the bytes are discarded.
func (f *Files) Upload(ctx context.Context, s *Staged, filename, mimeType string, expires int64) (file.Record, error) {
	rec := file.Record{
		ID: s.ID, Origin: file.Upload, Size: s.Size, Blob: s.Blob,
		Doc: file.Doc{Filename: filename, MimeType: mimeType, SHA256: s.SHA256},
	}
	err := f.c.DB.Update(ctx, func(tx store.Tx) error {
		if err := f.checkQuota(tx, s.Size); err != nil {
			return err
		}
		rec.CreatedAt = f.now()
		if expires > 0 {
			at := rec.CreatedAt + expires*time.Second.Microseconds()
			rec.ExpiresAt = &at
		}
		return store.InsertFile(tx, &rec)
	})
	if err != nil {
		return rec, errors.Join(err, f.Discard(ctx, s))
	}
	return rec, nil
}

func (f *Files) checkQuota(tx store.Tx, more int64) error {
	if f.c.QuotaBytes == 0 {
		return nil
	}
	have, err := store.StoredBytes(tx)
	if err == nil && have+more > f.c.QuotaBytes {
		err = noRoom("the storage quota of this server is used up")
	}
	return err
}

// Get reads the record of a file that the API shows; NotFound otherwise.
func (f *Files) Get(ctx context.Context, id string) (rec file.Record, err error) {
	err = f.c.DB.View(ctx, func(tx store.Tx) error {
		rec, err = f.get(tx, id)
		return err
	})
	return rec, err
}

func (f *Files) get(tx store.Tx, id string) (file.Record, error) {
	rec, err := store.FileRecord(tx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && rec.Hidden(f.now()) {
		return rec, file.Missing(id)
	}
	return rec, err
}

// List reads a page of files, newest first.
func (f *Files) List(ctx context.Context, flt store.FileFilter, req page.Request) (res page.Result[file.Record], err error) {
	flt.Forgotten = file.ForgottenBefore(f.now())
	err = f.c.DB.View(ctx, func(tx store.Tx) error {
		res, err = page.ReadBoth(req, store.FileKey, func(r page.Range) ([]file.Record, error) {
			return store.ListFiles(tx, flt, r)
		})
		return err
	})
	return res, err
}

// Open opens the bytes of a file for a client; the caller closes them. Its
// refusals are those of file.Record.CheckDownload.
func (f *Files) Open(ctx context.Context, id string) (file.Record, io.ReadSeekCloser, error) {
	rec, err := f.Get(ctx, id)
	if err != nil {
		return rec, nil, err
	}
	if err := rec.CheckDownload(f.now(), f.c.DownloadUploads); err != nil {
		return rec, nil, err
	}
	return f.open(ctx, rec)
}

func (f *Files) open(ctx context.Context, rec file.Record) (file.Record, io.ReadSeekCloser, error) {
	r, _, err := f.c.Blobs.Open(ctx, rec.Blob)
	if !errors.Is(err, blob.ErrNotFound) {
		return rec, r, err
	}
	// Deleted or expired since the record was read, or lost.
	now, again := f.Get(ctx, rec.ID)
	switch {
	case again != nil:
		return rec, nil, again
	case now.Blob == "":
		return rec, nil, file.Gone(rec.ID)
	}
	return rec, nil, err
}

// Blobs is the store of the bytes.
func (f *Files) Blobs() blob.Store { return f.c.Blobs }

// OpenBlob opens the bytes of a record for the server's own use.
func (f *Files) OpenBlob(ctx context.Context, key string) (io.ReadCloser, error) {
	r, _, err := f.c.Blobs.Open(ctx, key)
	return r, err
}

// ReadFile answers the MIME type and the bytes of a file of any origin, for the
// model; NotFound if they are gone. They are held in memory: at most
// MaxRead bytes, a larger file is refused.
func (f *Files) ReadFile(ctx context.Context, id string) (mime string, data []byte, err error) {
	rec, err := f.Get(ctx, id)
	if err != nil {
		return "", nil, err
	}
	switch {
	case rec.Expired(f.now()) || rec.Blob == "":
		return "", nil, file.Gone(id)
	case rec.Size > MaxRead:
		return "", nil, fault.New(fault.NotFound, "file `%s` is larger than %d bytes, too large for the model", id, MaxRead)
	}
	_, r, err := f.open(ctx, rec)
	if err != nil {
		return "", nil, err
	}
	data, err = io.ReadAll(r)
	return rec.Doc.MimeType, data, errors.Join(err, r.Close())
}

// MaxRead is the largest file that ReadFile reads, in bytes.
const MaxRead = 32 << 20

// Delete removes a file for good. The bytes stay while copies use them. A
// deleted output isn't published again while the agent's file stays as it is.
func (f *Files) Delete(ctx context.Context, id string) error {
	var unused string
	err := f.c.DB.Update(ctx, func(tx store.Tx) error {
		rec, err := f.get(tx, id)
		if err != nil {
			return err
		}
		if err := rec.CheckDelete(); err != nil {
			return err
		}
		if rec.Origin == file.Output {
			unused, err = store.RemoveOutput(tx, &rec)
		} else {
			unused, err = store.DeleteFile(tx, &rec)
		}
		return err
	})
	if err != nil {
		return err
	}
	return f.Release(ctx, []string{unused})
}

// Release removes bytes that a transaction of the store reported as unused,
// after its commit. Empty keys are skipped. What an error leaves behind,
// CollectGarbage finds.
func (f *Files) Release(ctx context.Context, keys []string) error {
	var errs []error
	for _, key := range keys {
		if key != "" {
			errs = append(errs, f.c.Blobs.Delete(context.WithoutCancel(ctx), key))
		}
	}
	return errors.Join(errs...)
}
