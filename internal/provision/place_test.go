package provision

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// tree makes files (path to text), directories (text "/") and links (text
// "->target") below a new directory.
func tree(t *testing.T, entries map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range entries {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case text == "/":
			err = os.Mkdir(full, 0o755)
		case len(text) > 2 && text[:2] == "->":
			err = os.Symlink(text[2:], full)
		default:
			err = os.WriteFile(full, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPlace(t *testing.T) {
	outside := t.TempDir()
	for name, c := range map[string]struct {
		have map[string]string
		rel  string
		ok   bool
	}{
		"new":                     {nil, "r", true},
		"deep":                    {nil, "a/b/r", true},
		"in a directory":          {map[string]string{"workspace/a/f": "x"}, "a/r", true},
		"an empty directory":      {map[string]string{"workspace/r": "/"}, "r", true},
		"a full directory":        {map[string]string{"workspace/r/f": "x"}, "r", false},
		"a file":                  {map[string]string{"workspace/r": "x"}, "r", false},
		"a link":                  {map[string]string{"workspace/r": "->" + outside}, "r", false},
		"a dangling link":         {map[string]string{"workspace/r": "->none"}, "r", false},
		"below a file":            {map[string]string{"workspace/a": "x"}, "a/r", false},
		"below a link out":        {map[string]string{"workspace/a": "->" + outside}, "a/r", false},
		"below a link up":         {map[string]string{"workspace/a": "->../uploads", "uploads": "/"}, "a/r", false},
		"below a link within":     {map[string]string{"workspace/a": "->b", "workspace/b": "/"}, "a/r", true},
		"a link for a parent out": {map[string]string{"workspace/a/b": "->" + outside}, "a/b/c/r", false},
	} {
		dir := tree(t, c.have)
		if err := os.MkdirAll(dir+"/workspace", 0o755); err != nil {
			t.Fatal(err)
		}
		from := filepath.Join(tree(t, map[string]string{"clone/.git/HEAD": "ref"}), "clone")
		err := place(from, dir, c.rel)
		var taken *takenError
		if c.ok != (err == nil) || err != nil && !errors.As(err, &taken) {
			t.Errorf("%s: %v", name, err)
		}
		if _, e := os.Stat(filepath.Join(dir, "workspace", c.rel, ".git/HEAD")); (e == nil) != c.ok {
			t.Errorf("%s: in place %v", name, e)
		}
		if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
			t.Fatalf("%s: written outside: %v", name, left)
		}
	}
}

func TestParentsBelongToTheWorkspacesOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir := tree(t, map[string]string{"workspace": "/", "clone/f": "x"})
	if err := os.Chown(dir+"/workspace", 4711, 4712); err != nil {
		t.Fatal(err)
	}
	if err := place(dir+"/clone", dir, "a/b/r"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/workspace/a", "/workspace/a/b"} {
		info, err := os.Stat(dir + path)
		if err != nil {
			t.Fatal(err)
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != 4711 || st.Gid != 4712 {
			t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
	}
}
