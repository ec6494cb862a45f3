package filestore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ostlerdev/ostler/internal/blob"
	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/store"
)

const (
	// sweepBatch bounds the records one transaction of a sweep changes.
	sweepBatch = 500
	// grace is how old bytes without a record must be to be garbage. The
	// record of younger ones may be about to be written, by any process.
	grace = time.Hour
)

// Sweep removes the bytes of files that have expired, and the records of those
// that expired file.KeepRecord ago. The server runs it every hour; a file that
// expired is refused from the first moment on, swept or not.
func (f *Files) Sweep(ctx context.Context) error {
	now := f.now()
	for more := true; more; {
		var unused []string
		err := f.c.DB.Update(ctx, func(tx store.Tx) (err error) {
			unused, more, err = store.ExpireFiles(tx, now, file.ForgottenBefore(now), sweepBatch)
			return err
		})
		if err != nil {
			return fmt.Errorf("sweep expired files: %w", err)
		}
		if err := f.Release(ctx, unused); err != nil {
			return fmt.Errorf("sweep expired files: %w", err)
		}
	}
	return nil
}

// CollectGarbage removes the bytes of files that have no record, which a crash
// can leave behind. It returns how many there were. The server runs it once at
// its start.
func (f *Files) CollectGarbage(ctx context.Context) (removed int, err error) {
	old := f.c.Now().Add(-grace)
	var batch []string
	flush := func() error {
		var unknown []string
		err := f.c.DB.View(ctx, func(tx store.Tx) (err error) {
			unknown, err = store.UnknownBlobs(tx, batch)
			return err
		})
		batch = batch[:0]
		if err != nil {
			return err
		}
		removed += len(unknown)
		return f.Release(ctx, unknown)
	}
	for info, err := range f.c.Blobs.List(ctx, Prefix) {
		if err != nil {
			return removed, fmt.Errorf("collect garbage: %w", err)
		}
		if !young(info, old) {
			batch = append(batch, info.Key)
		}
		if len(batch) == sweepBatch {
			if err := flush(); err != nil {
				return removed, fmt.Errorf("collect garbage: %w", err)
			}
		}
	}
	return removed, errors.Join(flush(), ctx.Err())
}

func young(info blob.Info, old time.Time) bool { return info.ModTime.After(old) }
