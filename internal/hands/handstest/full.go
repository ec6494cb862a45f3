package handstest

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// testFullDisk holds a checkpoint for which there is no room to being a failure
// that leaves nothing of it, and the session's files as they were.
func testFullDisk(t *testing.T, s *suite) {
	d := s.suspender(t)
	small := t.TempDir()
	if err := unix.Mount("small", small, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("no small file system can be mounted: ", err)
	}
	defer func() {
		if err := unix.Unmount(small, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	for name, fill := range map[string]string{
		"of a small sandbox": "true",
		"of a large one":     `X=$(head -c 30000000 /dev/urandom | base64 -w 0); echo ${#X} > length`,
	} {
		b := s.start(t)
		b.bash(fill + "; echo kept > kept; echo out > /mnt/session/outputs/out")
		path := filepath.Join(small, "checkpoint")
		if err := d.Suspend(t.Context(), b.Sandbox, path); err == nil {
			t.Errorf("%s: there was room", name)
		}
		select {
		case <-b.Done():
		default:
			t.Errorf("%s: the sandbox is there after Suspend", name)
		}
		if left, err := os.ReadDir(small); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
		again := s.start(t, func(spec *hands.Spec) { spec.Dir = b.dir })
		again.check([]toolCase{{"bash", args{"command": "cat kept /mnt/session/outputs/out"}, "kept\nout\n\n", false}})
	}
}
