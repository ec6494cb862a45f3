package handstest

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

// testRootfs holds the driver to showing a root file system directory in place
// of the host's system.
func testRootfs(t *testing.T, s *suite) {
	root := tinySystem(t)
	d, err := s.newOne(t.TempDir(), root)
	if err != nil {
		t.Fatal(err)
	}
	b := (&suite{driver: d}).start(t)
	b.check([]toolCase{
		{"bash", args{"command": "cat /etc/os-release /opt/marker; echo /usr/bin/*"}, "NAME=tiny\nmarked\n/usr/bin/bash /usr/bin/cat /usr/bin/ls /usr/bin/stty\n\n", false},
		{"bash", args{"command": "cat /etc/hostname; echo x > /tmp/f; echo x > /workspace/f; cat /etc/secret"}, "sandbox\ncat: /etc/secret: No such file or directory\n\n\nexit code: 1", true},
	})
	if got, err := os.ReadFile(b.dir + "/workspace/f"); err != nil || string(got) != "x\n" {
		t.Errorf("on the host: %q, %v", got, err)
	}
	b.call("bash", args{"command": "echo changed > /opt/marker; echo x > /etc/new"})
	if got, err := os.ReadFile(root + "/opt/marker"); err != nil || string(got) != "marked\n" {
		t.Errorf("the root file system was changed: %q, %v", got, err)
	}
	if _, err := d.Start(t.Context(), hands.Spec{ID: newID(), Dir: "/"}); err == nil {
		t.Error("a sandbox of / was started")
	}
}

// tinySystem makes a root file system of a few of the host's programs.
func tinySystem(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for link, target := range map[string]string{"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(root, target), 0o755), os.Symlink(target, filepath.Join(root, link))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bash", "cat", "ls", "stty"} {
		program, err := exec.LookPath("/bin/" + name)
		if err != nil {
			t.Skip("the host has no ", name)
		}
		copyFile(t, program, filepath.Join(root, "usr/bin", name))
		libraries, err := exec.CommandContext(t.Context(), "ldd", program).Output()
		if err != nil {
			t.Skip("ldd: ", err)
		}
		for word := range strings.FieldsSeq(string(libraries)) {
			if strings.HasPrefix(word, "/") {
				copyFile(t, word, filepath.Join(root, word))
			}
		}
	}
	writeFile(t, root+"/etc/os-release", "NAME=tiny\n")
	writeFile(t, root+"/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
	writeFile(t, root+"/etc/hostname", "other\n")
	writeFile(t, root+"/opt/marker", "marked\n")
	writeFile(t, root+"/etc/secret", "secret\n")
	if err := os.Chmod(root+"/etc/secret", 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if _, err := os.Stat(to); err == nil {
		return
	}
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}
