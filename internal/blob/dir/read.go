package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"strings"

	"github.com/ostlerdev/ostler/internal/blob"
)

// Open implements blob.Store. The reader is the *os.File itself, so that
// copying it to a socket needs no buffer.
func (s *Store) Open(ctx context.Context, key string) (io.ReadSeekCloser, blob.Info, error) {
	if err := ready(ctx, key); err != nil {
		return nil, blob.Info{}, err
	}
	f, err := s.root.Open(objectPath(key))
	if err != nil {
		return nil, blob.Info{}, explain("open", key, err)
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, blob.Info{}, explain("open", key, errors.Join(err, f.Close()))
	}
	return f, info(key, fi), nil
}

// List implements blob.Store. It reads every shard, so it costs the same for
// every prefix; it is meant for garbage collection.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		shards, err := s.names(objectsDir)
		if err != nil {
			yield(blob.Info{}, fmt.Errorf("list blobs: %w", err))
			return
		}
		for _, shard := range shards {
			if !s.listShard(ctx, filepath.Join(objectsDir, shard), fileName(prefix), yield) {
				return
			}
		}
	}
}

// listShard yields the objects of one shard and says whether to go on.
func (s *Store) listShard(ctx context.Context, shard, prefix string, yield func(blob.Info, error) bool) bool {
	names, err := s.names(shard)
	if err != nil {
		yield(blob.Info{}, fmt.Errorf("list blobs: %w", err))
		return false
	}
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if err := ctx.Err(); err != nil {
			yield(blob.Info{}, err)
			return false
		}
		fi, err := s.root.Stat(filepath.Join(shard, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			yield(blob.Info{}, fmt.Errorf("list blobs: %w", err))
			return false
		}
		if !yield(info(keyOf(name), fi), nil) {
			return false
		}
	}
	return true
}

// names are the entries of a directory below the root.
func (s *Store) names(dir string) (names []string, err error) {
	d, err := s.root.Open(dir)
	if err != nil {
		return nil, err
	}
	names, err = d.Readdirnames(-1)
	return names, errors.Join(err, d.Close())
}
