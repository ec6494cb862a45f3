package handstest

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
)

// benchSuspend is the time to put a sandbox with a shell aside and to go on
// with it, to the end of its next command, and the size of its checkpoint.
func benchSuspend(b *testing.B, d hands.Driver, dir string) {
	suspender, ok := d.(hands.Suspender)
	if !ok {
		b.Skip("the driver can't suspend")
	}
	spec := hands.Spec{ID: newID(), Dir: filepath.Join(dir, b.Name())}
	var suspends, resumes []time.Duration
	path := filepath.Join(b.TempDir(), "checkpoint")
	s, err := suspender.Start(b.Context(), spec)
	if err != nil {
		b.Fatal(err)
	}
	call(b, s, "bash", `{"command":"sleep 1000 & true"}`)
	var size int64
	for b.Loop() {
		began := time.Now()
		if err := suspender.Suspend(b.Context(), s, path); err != nil {
			b.Fatal(err)
		}
		suspends = append(suspends, time.Since(began))
		size = sizeOf(b, path)
		began = time.Now()
		if s, err = suspender.Resume(b.Context(), spec, path); err != nil {
			b.Fatal(err)
		}
		call(b, s, "bash", `{"command":"true"}`)
		resumes = append(resumes, time.Since(began))
		if err := os.RemoveAll(path); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(size)/(1<<20), "MiB")
	b.ReportMetric(percentile(suspends, 50), "ms-suspend/p50")
	b.ReportMetric(percentile(resumes, 50), "ms-resume/p50")
}

func sizeOf(b *testing.B, dir string) (total int64) {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return total
}
