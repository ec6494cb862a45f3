package box

import (
	"os"
	"path/filepath"
	"testing"
)

// prepared is a sandbox with the files of one, of which nothing runs.
func prepared(t *testing.T, dir string) *Sandbox {
	t.Helper()
	for _, name := range ownDirs {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r, err := reserve(t.TempDir(), "sbx_1", filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Sandbox{record: r}
	s.disk = newDisk(s, dir, 1<<30)
	return s
}

func TestMove(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), t.TempDir()
	s := prepared(t, from)
	if err := os.WriteFile(filepath.Join(from, "workspace", "f"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.move(to); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(from); err != nil {
		t.Errorf("more was there: %v", err)
	}
	if used, err := s.disk.usage(); err != nil || used < 1<<20 {
		t.Errorf("the disk is %d bytes full, %v", used, err)
	}
	if err := s.move(to); err == nil {
		t.Error("moved over what is there")
	}
	s.release()
	if left, err := filepath.Glob(to + "/*"); err != nil || len(left) != 3 {
		t.Errorf("after the end there is %v, %v", left, err)
	}
	if left, err := filepath.Glob(filepath.Dir(s.record.path) + "/*"); err != nil || len(left) != 0 {
		t.Errorf("records left: %v, %v", left, err)
	}
}

// Who reads the meter while the files move gets an answer.
func TestUsageWhileMoving(t *testing.T) {
	s := prepared(t, filepath.Join(t.TempDir(), "0"))
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := s.disk.usage(); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	before := filepath.Dir(s.record.Run)
	for range 100 {
		dir := t.TempDir()
		if err := s.move(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(before); err != nil {
			t.Fatal(err)
		}
		before = dir
	}
	close(stop)
	<-done
}
