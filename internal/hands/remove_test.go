package hands_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

func TestRemoveAll(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(outside+"/kept", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mkdir := func(path string) error { return os.MkdirAll(path, 0o755) }
	for name, make := range map[string]func(dir string) error{
		"nothing":         func(string) error { return nil },
		"a file":          func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"a link":          func(dir string) error { return os.Symlink(outside, dir) },
		"a link to a dir": func(dir string) error { return errors.Join(mkdir(dir), os.Symlink(outside, dir+"/l")) },
		"a pipe":          func(dir string) error { return errors.Join(mkdir(dir), syscall.Mkfifo(dir+"/p", 0o600)) },
		"closed directories": func(dir string) error {
			return errors.Join(mkdir(dir+"/a/b/c"), os.WriteFile(dir+"/a/b/f", nil, 0), os.Chmod(dir+"/a/b", 0), os.Chmod(dir+"/a", 0o500), os.Chmod(dir, 0))
		},
		"odd names": func(dir string) error {
			return errors.Join(mkdir(dir+"/\xff\n"), mkdir(dir+"/.moved-1/x"), os.WriteFile(dir+"/.moved-2", nil, 0o600), mkdir(dir+"/-rf"))
		},
		"many": func(dir string) (err error) {
			err = mkdir(dir)
			for i := range 2000 {
				err = errors.Join(err, os.WriteFile(dir+"/"+strconv.Itoa(i), nil, 0o600))
			}
			return err
		},
	} {
		dir := filepath.Join(t.TempDir(), "dir")
		if err := make(dir); err != nil {
			t.Fatal(name, err)
		}
		if err := hands.RemoveAll(dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: still there, %v", name, err)
		}
	}
	if _, err := os.Lstat(outside + "/kept"); err != nil {
		t.Error("a link was followed:", err)
	}
	if err := hands.RemoveAll(outside + "/none/at/all"); err != nil {
		t.Error("below nothing:", err)
	}
	// No name is not the working directory.
	t.Chdir(outside)
	for path, want := range map[string]error{"": nil, ".": syscall.EINVAL, "..": syscall.EINVAL, "./": syscall.EINVAL, "x/..": syscall.EINVAL, "/": syscall.EINVAL} {
		if err := hands.RemoveAll(path); !errors.Is(err, want) {
			t.Errorf("%q: %v", path, err)
		}
	}
	if _, err := os.Lstat(outside + "/kept"); err != nil {
		t.Error("the working directory was emptied:", err)
	}
}

// However deep a program nests its directories, the server has descriptors
// left. The tree is deeper than a path can be long, and has other entries in
// the way of what is moved up.
func TestRemoveAllDeep(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 5000 { // from the bottom up
		if err := errors.Join(os.Mkdir(dir+"/new", 0o755), os.WriteFile(dir+"/new/f", nil, 0o600), os.Symlink("..", dir+"/new/l")); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			if err := os.Rename(dir+"/d", dir+"/new/d"); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Rename(dir+"/new", dir+"/d"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		if err := os.MkdirAll(dir+"/.moved-"+strconv.Itoa(i)+"/x", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	few := limit
	few.Cur = min(limit.Cur, 512)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	err := hands.RemoveAll(dir)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("still there:", err)
	}
}
