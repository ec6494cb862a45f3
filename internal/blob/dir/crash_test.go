package dir

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// crashDir tells the test binary that it is the process to be killed.
const crashDir = "BLOB_CRASH_DIR"

// A process that is killed in the middle of a Put leaves the object as it was,
// and the next Open removes what it was writing.
func TestKilledInPut(t *testing.T) {
	if path := os.Getenv(crashDir); path != "" {
		putForever(t, path)
		return
	}
	path := t.TempDir()
	s := open(t, path)
	if _, err := s.Put(t.Context(), "files/a", strings.NewReader("before"), 0); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledInPut$")
	child.Env = append(os.Environ(), crashDir+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "writing\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	if left := temporaries(t, path); len(left) != 1 {
		t.Errorf("the child was writing %q", left)
	}
	s = open(t, path)
	if left := temporaries(t, path); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	r, _, err := s.Open(t.Context(), "files/a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "before" {
		t.Errorf("%q, %v", got, err)
	}
	if all, err := filepath.Glob(filepath.Join(path, objectsDir, "*", "*")); err != nil || len(all) != 1 {
		t.Errorf("objects %q, %v", all, err)
	}
}

// putForever replaces an object and doesn't come to an end.
func putForever(t *testing.T, path string) {
	first := true
	_, err := open(t, path).Put(t.Context(), "files/a", readerFunc(func(p []byte) (int, error) {
		if first {
			first = false
			return copy(p, "half of what comes after"), nil
		}
		fmt.Println("writing")
		select {}
	}), 0)
	t.Errorf("put returned %v", err)
}
