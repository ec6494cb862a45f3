package box

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhileWritten(t *testing.T) {
	var files []*os.File
	for range 2 {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, stop := whileWritten(t.Context(), files)
		defer stop()
		// Slow, but not at rest: many times longer than it may stall.
		for range 20 {
			time.Sleep(stallTime / 2)
			if _, err := files[1].WriteString("x"); err != nil {
				t.Fatal(err)
			}
			if ctx.Err() != nil {
				t.Fatal("given up while it was written")
			}
		}
		<-ctx.Done()
		if took := time.Since(began); took < 10*stallTime+stallTime/2 || took > 12*stallTime {
			t.Errorf("given up after %s", took)
		}
		if err := context.Cause(ctx); !errors.Is(err, errStalled) {
			t.Errorf("the cause: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		outer, cancel := context.WithCancel(t.Context())
		ctx, stop := whileWritten(outer, files)
		cancel()
		<-ctx.Done()
		stop() // the goroutine has ended, or the bubble would say so
		if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("the cause: %v", err)
		}
	})
}
