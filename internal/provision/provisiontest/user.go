package provisiontest

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands/handstest"
)

// ordinary is the user and group id that stands for an ordinary user. Nothing
// on a machine belongs to it, the processes of handstest's own neither.
const ordinary = 61235

// AsUser runs tests again in a process of an ordinary user, if this one is
// root's. It does nothing in that process.
func AsUser(t *testing.T, tests ...string) {
	if os.Geteuid() != 0 {
		t.Skip("the tests are run by an ordinary user as it is")
	}
	dir, program, env := handstest.UserHome(t, ordinary)
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^("+strings.Join(tests, "|")+")$", "-test.v")
	cmd.Dir = dir
	cmd.Env = env
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Errorf("as an ordinary user: %v\n%s", err, out)
	case strings.Contains(string(out), handstest.NoNamespaces):
		t.Skipf("as an ordinary user: %s", out)
	default:
		t.Logf("%s", out)
	}
}
