//go:build linux

package box

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"
)

func TestUnnamed(t *testing.T) {
	dir := t.TempDir()
	usage := func() int64 {
		t.Helper()
		used, err := unnamed(os.Getpid(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return used
	}
	before := usage()
	f, err := os.Create(dir + "/f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.Reader, 1<<20); err != nil { // nothing that can be compressed
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if got := usage(); got != before {
		t.Errorf("with its name: %d, before %d", got, before)
	}
	again, err := os.Open(dir + "/f")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := os.Remove(dir + "/f"); err != nil {
		t.Fatal(err)
	}
	if got := usage(); got < before+1<<20 || got >= before+2<<20 {
		t.Errorf("without: %d, before %d", got, before)
	}
	if _, err := unnamed(os.Getpid(), dir+"/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
	if used, err := unnamed(1<<30, dir); used != 0 || err != nil { // no such process
		t.Errorf("of nobody: %d, %v", used, err)
	}
}
