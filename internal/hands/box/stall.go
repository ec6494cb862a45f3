package box

import (
	"context"
	"errors"
	"os"
	"time"
)

// stallTime is how long a checkpoint may go without a byte being written. How
// long all of it takes depends on how much memory there is, and on the disk.
const stallTime = time.Minute

var errStalled = errors.New("nothing was written for a minute")

// whileWritten is ctx until none of the files was written to for stallTime, which
// is its cause then. The function that it returns must be called.
func whileWritten(ctx context.Context, files []*os.File) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(stallTime / 10)
		defer tick.Stop()
		before, since := writtenTo(files), time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			switch now := writtenTo(files); {
			case now != before:
				before, since = now, time.Now()
			case time.Since(since) >= stallTime:
				cancel(errStalled)
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}

// written is how far files are.
type written struct {
	size int64
	last time.Time
}

func writtenTo(files []*os.File) (w written) {
	for _, f := range files {
		if info, err := f.Stat(); err == nil {
			w.size += info.Size()
			if t := info.ModTime(); t.After(w.last) {
				w.last = t
			}
		}
	}
	return w
}
