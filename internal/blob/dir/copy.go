package dir

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// Copy implements blob.Store with a hard link, or by copying the bytes where
// the file system refuses one (no links at all, or too many to one file).
func (s *Store) Copy(ctx context.Context, src, dst string) error {
	if err := ready(ctx, src); err != nil {
		return err
	}
	if err := ready(ctx, dst); err != nil {
		return err
	}
	temp := s.tempPath()
	err := s.root.Link(objectPath(src), temp)
	if errors.Is(err, fs.ErrNotExist) {
		return explain("copy", src, err)
	}
	if err != nil {
		return s.copyBytes(ctx, src, dst)
	}
	// The two names share one modification time. Making the source look young
	// too is within the promise of Info.ModTime.
	now := time.Now()
	if err = s.root.Chtimes(temp, now, now); err == nil {
		err = s.place(temp, dst)
	}
	// If dst was already a link to the same bytes, rename(2) did nothing and
	// left the temporary name.
	return s.discard(temp, explain("copy", src, err))
}

func (s *Store) copyBytes(ctx context.Context, src, dst string) error {
	r, _, err := s.Open(ctx, src)
	if err != nil {
		return err
	}
	_, err = s.Put(ctx, dst, r, 0)
	return errors.Join(err, r.Close())
}
