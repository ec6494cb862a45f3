// Package dir keeps objects in a local directory.
//
// Below its root:
//
//	objects/ab/KEY      an object; ab is the first byte of the key's SHA-256 in
//	                    hex, KEY is the key with "/" written as "~"
//	tmp/RANDOM/         what one process is writing; the process holds a lock on
//	                    the directory
//
// An object is written in tmp, synced, renamed into place, and the directory
// synced. Objects are never changed in place, so a copy is a hard link. Opening
// the store removes what processes that are gone left in tmp and leaves alone
// what a living one is writing.
//
// The directory must be on one file system that has rename and flock; several
// processes on one machine may share it.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/ostlerdev/ostler/internal/blob"
)

// Store is a blob.Store in a directory. Make one with Open.
type Store struct {
	root *os.Root
	path string // of root, for messages
	temp *scratch
	next atomic.Uint64 // names temporary files
}

var _ blob.Store = (*Store)(nil)

// Open opens the store in path, an absolute or relative directory that is
// created (mode 0700) if it isn't there, and sweeps the leftovers of crashed
// processes. The caller closes it.
func Open(path string) (*Store, error) {
	for _, d := range []string{path, filepath.Join(path, objectsDir), filepath.Join(path, tempDir)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("blob directory: %w", err)
		}
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("blob directory: %w", err)
	}
	temp, err := newScratch(root)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("blob directory %s: %w", path, err), root.Close())
	}
	return &Store{root: root, path: path, temp: temp}, nil
}

// Close gives up the directory for temporary files. Puts that are under way
// fail; objects that are open stay readable.
func (s *Store) Close() error {
	return errors.Join(s.temp.close(), s.root.Close())
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := ready(ctx, key); err != nil {
		return blob.Info{}, err
	}
	fi, err := s.root.Stat(objectPath(key))
	if err != nil {
		return blob.Info{}, explain("stat", key, err)
	}
	return info(key, fi), nil
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	err := s.root.Remove(objectPath(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = s.sync(filepath.Dir(objectPath(key)))
	}
	return explain("delete", key, err)
}

// sync makes the entries of a directory below the root durable.
func (s *Store) sync(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ready says whether a method may begin.
func ready(ctx context.Context, key string) error {
	if err := blob.ValidKey(key); err != nil {
		return err
	}
	return ctx.Err()
}

// explain gives an error of the file system the seam's meaning; nil stays nil.
func explain(op, key string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s blob %s: %w", op, key, blob.ErrNotFound)
	case isFull(err):
		return fmt.Errorf("%s blob %s: %w: %w", op, key, blob.ErrNoSpace, err)
	}
	return fmt.Errorf("%s blob %s: %w", op, key, err)
}

func info(key string, fi fs.FileInfo) blob.Info {
	return blob.Info{Key: key, Size: fi.Size(), ModTime: fi.ModTime()}
}

// fileName and keyOf turn a key into a file name and back. "~" is in no key.
func fileName(key string) string { return strings.ReplaceAll(key, "/", "~") }
func keyOf(name string) string   { return strings.ReplaceAll(name, "~", "/") }
