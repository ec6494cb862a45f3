package box

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A program that changes the tree in the worst moment, between the look at an
// entry and its opening, doesn't lead the walk elsewhere, stop or fail it.
func TestWalkAgainstChanges(t *testing.T) {
	host := t.TempDir() // stands for what a program inside doesn't reach
	if err := os.WriteFile(host+"/secret", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(path string) error{
		"gone":         func(string) error { return nil },
		"a link":       func(path string) error { return os.Symlink(host, path) },
		"a pipe":       func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"a file":       func(path string) error { return os.WriteFile(path, nil, 0o644) },
		"another tree": func(path string) error { return os.MkdirAll(path+"/new", 0o755) },
	} {
		dir := t.TempDir()
		for _, path := range []string{"a/below/x", "b/c/below/x", "z/x"} {
			if err := os.MkdirAll(filepath.Join(dir, path), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		var seen []string
		err := walk(dir, func(_ int, name string, _ *unix.Stat_t) error {
			if seen = append(seen, name); name != "a" && name != "c" {
				return nil
			}
			path := map[string]string{"a": dir + "/a", "c": dir + "/b/c"}[name]
			return errors.Join(os.Rename(path, dir+"/moved"+name), change(path))
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if slices.Contains(seen, "secret") {
			t.Errorf("%s: led elsewhere: %v", name, seen)
		}
		if !slices.Contains(seen, "z") || slices.Contains(seen, "new") != (name == "another tree") {
			t.Errorf("%s: saw %v", name, seen)
		}
	}
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.MkdirAll(dir+"/a/b", 0o755), os.WriteFile(dir+"/a/b/f", nil, 0o644), os.Symlink("/", dir+"/link"), syscall.Mkfifo(dir+"/pipe", 0o644)); err != nil {
		t.Fatal(err)
	}
	var seen []string
	note := func(_ int, name string, _ *unix.Stat_t) error {
		seen = append(seen, strings.TrimPrefix(name, dir))
		return nil
	}
	if err := walk(dir, note); err != nil {
		t.Fatal(err)
	}
	if slices.Sort(seen); !slices.Equal(seen, []string{"", "a", "b", "f", "link", "pipe"}) {
		t.Errorf("saw %q", seen)
	}
	if err := walk(dir+"/none", note); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
	stop := errors.New("enough")
	if err := walk(dir, func(int, string, *unix.Stat_t) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("stopped: %v", err)
	}
}

// Deep trees end the walk, not the server's descriptors.
func TestWalkDeep(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for range maxDepth {
		if err := errors.Join(os.Mkdir("d", 0o755), os.Chdir("d")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := diskUsage(dir); err == nil || !strings.Contains(err.Error(), "deep") {
		t.Errorf("%d levels: %v", maxDepth, err)
	}
	if _, err := diskUsage(dir + "/d"); err != nil {
		t.Errorf("%d levels: %v", maxDepth-1, err)
	}
}

func TestGive(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir, host := t.TempDir(), t.TempDir()
	const owner = DefaultFirstID
	if err := errors.Join(os.MkdirAll(dir+"/v/d", 0o755), os.WriteFile(dir+"/v/d/f", nil, 0o644), os.WriteFile(dir+"/v/inside", nil, 0o644),
		os.Symlink(host, dir+"/v/link"), os.Lchown(dir+"/v/inside", owner+7, owner+7)); err != nil {
		t.Fatal(err)
	}
	if err := give(Volume{Source: dir + "/v"}, owner); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]uint32{dir: 0, host: 0, dir + "/v": owner, dir + "/v/d": owner, dir + "/v/d/f": owner, dir + "/v/link": owner, dir + "/v/inside": owner + 7} {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != want {
			t.Errorf("%s belongs to %d, want %d", path, got, want)
		}
	}
}
