package provisiontest

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// ordinary is the user and group id that stands for an ordinary user. Nothing
// on a machine belongs to it.
const ordinary = 61235

// AsUser runs tests again in a process of an ordinary user, if this one is
// root's. It does nothing in that process.
func AsUser(t *testing.T, tests ...string) {
	if os.Geteuid() != 0 {
		t.Skip("the tests are run by an ordinary user as it is")
	}
	dir, err := os.MkdirTemp("", "user")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program := filepath.Join(dir, "tests")
	if err := errors.Join(copySelf(program), os.Mkdir(dir+"/tmp", 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, dir + "/tmp", program} {
		if err := errors.Join(os.Chown(path, ordinary, ordinary), os.Chmod(path, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^("+strings.Join(tests, "|")+")$", "-test.v")
	cmd.Dir = dir
	cmd.Env = []string{"TMPDIR=" + dir + "/tmp", "HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil && strings.Contains(string(out), "operation not permitted"):
		t.Skipf("this kernel may let no ordinary user make user namespaces: %v\n%s", err, out)
	case err != nil:
		t.Errorf("as an ordinary user: %v\n%s", err, out)
	default:
		t.Logf("%s", out)
	}
}

func copySelf(path string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	in, err := os.Open(self)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
