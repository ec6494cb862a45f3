//go:build linux

package box

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What is made below a root stays there, whatever links are in it.
func TestBuilderStaysInside(t *testing.T) {
	root, host := t.TempDir(), t.TempDir()
	for link, target := range map[string]string{"away": host, "dangling": host + "/file"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	b := builder{dir: root}
	for name, c := range map[string]struct {
		do   func() error
		want error
	}{
		"mkdir":         {func() error { return b.mkdir("/new/dir", 0o700) }, nil},
		"mkdir there":   {func() error { return b.mkdir("/away", 0o700) }, nil},
		"mkdir below":   {func() error { return b.mkdir("/away/dir", 0o755) }, unix.ENOTDIR},
		"mkdir deep":    {func() error { return b.mkdir("/away/dir/deep", 0o755) }, unix.ENOTDIR},
		"file below":    {func() error { return b.file("/away/file", "x") }, unix.ENOTDIR},
		"symlink below": {func() error { return b.symlink("x", "/away/link") }, unix.ENOTDIR},
		"touch":         {func() error { return touch(root + "/new/file") }, nil},
		"touch a link":  {func() error { return touch(root + "/dangling") }, unix.ELOOP},
	} {
		if err := c.do(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if left, err := os.ReadDir(host); err != nil || len(left) > 0 {
		t.Errorf("made on the host: %v, %v", left, err)
	}
	info, err := os.Lstat(root + "/new/dir")
	if err != nil || info.Mode() != fs.ModeDir|0o700 {
		t.Errorf("the directory: %v, %v", info, err)
	}
	info, err = os.Lstat(root + "/new/file")
	if err != nil || !info.Mode().IsRegular() {
		t.Errorf("the file: %v, %v", info, err)
	}
}
