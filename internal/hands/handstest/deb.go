package handstest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Deb is a package of apt's, of version 1.0 for every architecture, with the
// files by path below / or DEBIAN/; those that begin as scripts are programs.
// index is what a flat repository's Packages says of it, as NAME.deb. Both are
// nil on a machine that can't build one.
func Deb(t testing.TB, name string, files map[string]string) (deb, index []byte) {
	t.Helper()
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Logf("no packages of apt: %v", err)
		return nil, nil
	}
	dir := t.TempDir()
	about := fmt.Sprintf("Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: t <t@test>\nDescription: test\n", name)
	write := func(path, text string) {
		full := filepath.Join(dir, "tree", path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(full, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("DEBIAN/control", about)
	for path, text := range files {
		write(path, text)
	}
	out := filepath.Join(dir, "deb")
	if said, err := exec.CommandContext(t.Context(), "dpkg-deb", "--root-owner-group", "--build", dir+"/tree", out).CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v: %s", err, said)
	}
	deb, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return deb, fmt.Appendf(nil, "%sFilename: ./%s.deb\nSize: %d\nSHA256: %x\n\n", about, name, len(deb), sha256.Sum256(deb))
}
