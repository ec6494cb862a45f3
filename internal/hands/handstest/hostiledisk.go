package handstest

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

// testHostileDisk fills the disk with a file that has no name any more.
func testHostileDisk(t *testing.T, s *suite) {
	if s.driver.Name() == "docker" {
		t.Skip("of containers such files aren't counted")
	}
	b := s.start(t, func(spec *hands.Spec) { spec.Limits.Disk = 64 << 20 })
	out, isErr := b.call("bash", args{"command": "exec 7>f; rm f; head -c 80M /dev/zero >&7; sleep 1000"})
	if !isErr || !strings.HasPrefix(out, "bash: stopped: the sandbox uses ") {
		t.Errorf("80 MiB without a name on a disk of 64: error %v, %q", isErr, out)
	}
	if out := b.bash("echo x > f; cat f"); out != "x\n" {
		t.Errorf("after it: %q", out)
	}
}
