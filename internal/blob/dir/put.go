package dir

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/ostlerdev/ostler/internal/blob"
)

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, maxBytes int64) (blob.Written, error) {
	if err := ready(ctx, key); err != nil {
		return blob.Written{}, err
	}
	temp := s.tempPath()
	w, err := s.write(ctx, temp, r, maxBytes)
	if err == nil {
		err = s.place(temp, key)
	}
	if err != nil {
		return blob.Written{}, s.discard(temp, explainPut(key, err))
	}
	return w, nil
}

// write fills a new temporary file and syncs it.
func (s *Store) write(ctx context.Context, temp string, r io.Reader, maxBytes int64) (blob.Written, error) {
	f, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return blob.Written{}, err
	}
	sum := sha256.New()
	n, err := io.Copy(&file{f, sum}, &source{ctx: ctx, r: r, left: maxBytes, limited: maxBytes > 0})
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return blob.Written{}, err
	}
	w := blob.Written{Size: n}
	sum.Sum(w.SHA256[:0])
	return w, nil
}

// place moves a finished temporary file to its key and makes that durable.
func (s *Store) place(temp, key string) error {
	path := objectPath(key)
	shard := filepath.Dir(path)
	err := s.root.Mkdir(shard, 0o700)
	switch {
	case err == nil:
		if err := s.sync(objectsDir); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	if err := s.root.Rename(temp, path); err != nil {
		return err
	}
	return s.sync(shard)
}

// discard removes a temporary file if it is there and adds to err what went
// wrong with that.
func (s *Store) discard(temp string, err error) error {
	rm := s.root.Remove(temp)
	if errors.Is(rm, fs.ErrNotExist) || errors.Is(rm, os.ErrClosed) {
		rm = nil
	}
	return errors.Join(err, rm)
}

func (s *Store) tempPath() string {
	return filepath.Join(s.temp.dir, strconv.FormatUint(s.next.Add(1), 10))
}

// explainPut is explain for errors that may come from the caller's reader: a
// missing file there isn't a missing object.
func explainPut(key string, err error) error {
	if isFull(err) {
		return fmt.Errorf("put blob %s: %w: %w", key, blob.ErrNoSpace, err)
	}
	return fmt.Errorf("put blob %s: %w", key, err)
}

// source reads r until it ends, ctx ends, or it has more than left bytes.
type source struct {
	ctx     context.Context
	r       io.Reader
	left    int64
	limited bool
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if s.limited && int64(len(p)) > s.left+1 {
		p = p[:s.left+1]
	}
	n, err := s.r.Read(p)
	if s.limited {
		if int64(n) > s.left {
			return 0, blob.ErrTooLarge
		}
		s.left -= int64(n)
	}
	return n, err
}

// file writes to a file and to the hash of what it holds.
type file struct {
	f   *os.File
	sum hash.Hash
}

func (f *file) Write(p []byte) (int, error) {
	n, err := f.f.Write(p)
	f.sum.Write(p[:n])
	return n, err
}
