package dir

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/blob"
	"github.com/ostlerdev/ostler/internal/blob/blobtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

// temporaries are the files below tmp.
func temporaries(t *testing.T, path string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(path, tempDir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestConformance(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store {
		path := t.TempDir()
		s := open(t, path)
		t.Cleanup(func() { // runs before the store closes
			if left := temporaries(t, path); len(left) != 0 {
				t.Errorf("left behind: %q", left)
			}
		})
		return s
	})
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "here")
	s := open(t, path)
	if _, err := s.Put(t.Context(), "files/a", strings.NewReader("kept"), 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if info, err := s.Stat(t.Context(), "files/a"); err != nil || info.Size != 4 {
		t.Errorf("after reopening: %+v, %v", info, err)
	}
	fi, err := os.Stat(path)
	if err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
}

// What a crashed process was writing goes at the next Open, what a living one
// is writing stays.
func TestSweep(t *testing.T) {
	path := t.TempDir()
	crashed := filepath.Join(path, tempDir, "CRASHED")
	if err := os.MkdirAll(crashed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(crashed, "1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	living := open(t, path)
	if _, err := os.Stat(crashed); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the leftovers are still there: %v", err)
	}
	_, err := living.Put(t.Context(), "k", readerFunc(func([]byte) (int, error) {
		other := open(t, path) // sweeps
		if left := temporaries(t, path); len(left) != 1 {
			t.Errorf("the file being written: %q", left)
		}
		return 0, errors.Join(other.Close(), os.ErrDeadlineExceeded)
	}), 0)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := living.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(path, tempDir, "*")); err != nil || len(left) != 0 {
		t.Errorf("after closing: %q, %v", left, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A reader that reports a missing file doesn't make the object missing.
func TestReaderNotExist(t *testing.T) {
	s := open(t, t.TempDir())
	_, err := s.Put(t.Context(), "k", readerFunc(func([]byte) (int, error) { return 0, fs.ErrNotExist }), 0)
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestCopyWithoutLinks(t *testing.T) {
	s := open(t, t.TempDir())
	if _, err := s.Put(t.Context(), "a", strings.NewReader("bytes"), 0); err != nil {
		t.Fatal(err)
	}
	if err := s.copyBytes(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	if info, err := s.Stat(t.Context(), "b"); err != nil || info.Size != 5 {
		t.Errorf("%+v, %v", info, err)
	}
	if err := s.copyBytes(t.Context(), "gone", "b"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// A full disk gives ErrNoSpace, keeps what was there and leaves no temporary
// file. The disk is a tmpfs of 128 KiB.
func TestDiskFull(t *testing.T) {
	path := t.TempDir()
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=128k"); err != nil {
		t.Skipf("no mount here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(path, 0); err != nil {
			t.Error(err)
		}
	})
	s := open(t, path)
	if _, err := s.Put(t.Context(), "k", strings.NewReader("small"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "k", bytes.NewReader(make([]byte, 1<<20)), 0); !errors.Is(err, blob.ErrNoSpace) {
		t.Errorf("got %v", err)
	}
	if left := temporaries(t, path); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if info, err := s.Stat(t.Context(), "k"); err != nil || info.Size != 5 {
		t.Errorf("%+v, %v", info, err)
	}
	if _, err := s.Put(t.Context(), "k2", bytes.NewReader(make([]byte, 32<<10)), 0); err != nil {
		t.Errorf("the space wasn't given back: %v", err)
	}
}
