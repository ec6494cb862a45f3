package handstest

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

// testMemory holds the sandbox to its memory: what takes too much is stopped
// and says so, or is killed by the kernel, alone or with the sandbox.
func testMemory(t *testing.T, s *suite) {
	b := s.start(t, func(spec *hands.Spec) { spec.Limits.Memory = 200 << 20 })
	in := `{"command":"(` + insideCommand("memory", "400") + `)"}`
	result, err := b.Run(t.Context(), hands.Call{Tool: "bash", Input: []byte(in)})
	switch {
	case errors.Is(err, hands.ErrLost):
		<-b.Done()
		return
	case err != nil:
		t.Fatal(err)
	}
	got := text(t, result)
	stopped := strings.HasPrefix(got, "bash: stopped: ") && strings.HasSuffix(got, "bytes of memory, its limit is 209715200.")
	if killed := strings.HasSuffix(got, "exit code: 137"); !result.IsError || !stopped && !killed {
		t.Errorf("400 MiB in a sandbox of 200: error %v, %q", result.IsError, got)
	}
	if out := b.bash("echo usable"); out != "usable\n" {
		t.Errorf("after it: %q", out)
	}
}

// testProcesses holds the sandbox to its number of processes, and lets it go on
// afterwards.
func testProcesses(t *testing.T, s *suite) {
	b := s.start(t, func(spec *hands.Spec) { spec.Limits.Processes = 60 })
	if out := b.try("fork", "20"); out != "ok" {
		t.Errorf("20 processes: %s", out)
	}
	if out := b.try("fork", "100"); !strings.Contains(out, "resource temporarily unavailable") {
		t.Errorf("100 processes in a sandbox of 60: %s", out)
	}
	if out := b.bash("echo usable"); out != "usable\n" {
		t.Errorf("after it: %q", out)
	}
}

// testDisk holds the sandbox to its disk, in the host's directories and outside
// of them, and lets the agent clean up.
func testDisk(t *testing.T, s *suite) {
	b := s.start(t, func(spec *hands.Spec) {
		spec.Limits.Disk = 64 << 20
		spec.Limits.FileSize = 1 << 40
	})
	out, isErr := b.call("bash", args{"command": "head -c 80M /dev/zero > big; sleep 1000"})
	if !isErr || !strings.HasPrefix(out, "bash: stopped: the sandbox uses ") || !strings.Contains(out, "its limit is 67108864") {
		t.Errorf("80 MiB on a disk of 64: error %v, %q", isErr, out)
	}
	// While it is full, files can't grow, but go.
	b.check([]toolCase{
		{"write", args{"file_path": "f", "content": "x"}, "write: the sandbox uses …", true},
		{"bash", args{"command": "head -c 1M /dev/zero > more; stat -c %s more; rm more big; echo usable"}, "0\nusable\n\n", false},
		{"write", args{"file_path": "f", "content": "x"}, "wrote 1 bytes to f", false},
		{"bash", args{"command": "head -c 1M /dev/zero > more; stat -c %s more"}, "1048576\n\n", false},
	})
	for _, dir := range []string{"/root", "/tmp"} {
		out, isErr := b.call("bash", args{"command": "head -c 80M /dev/zero > " + dir + "/big && sleep 1000", "timeout_ms": 20_000})
		if !isErr || !strings.Contains(out, "No space left on device") && !strings.HasPrefix(out, "bash: stopped: ") {
			t.Errorf("80 MiB in %s: error %v, %q", dir, isErr, out)
		}
		if out := b.bash("rm " + dir + "/big; echo usable"); out != "usable\n" {
			t.Errorf("after it: %q", out)
		}
	}
}

// testFileSize holds every file to its size.
func testFileSize(t *testing.T, s *suite) {
	b := s.start(t, func(spec *hands.Spec) { spec.Limits.FileSize = 1 << 20 })
	for _, path := range []string{"/workspace/f", "/tmp/f"} {
		out, isErr := b.call("bash", args{"command": "head -c 2M /dev/zero > " + path + "; stat -c %s " + path})
		if isErr || !strings.HasSuffix(out, "1048576\n\n") {
			t.Errorf("2 MiB in %s with a limit of 1: error %v, %q", path, isErr, out)
		}
	}
	info, err := os.Stat(b.dir + "/workspace/f")
	if err != nil || info.Size() != 1<<20 {
		t.Errorf("on the host: %v, %v", info, err)
	}
}
