package handstest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// serverName is the argv[0] of the test binary as a server that gets killed.
const serverName = "ostler-crash"

// serve starts a sandbox with a command that runs on, says so, and waits.
func serve(driver New, arguments []string) int {
	stateDir, dir, id := arguments[0], arguments[1], arguments[2]
	err := func() error {
		d, err := driver(stateDir, "")
		if err != nil {
			return err
		}
		sandbox, err := d.Start(noContext, hands.Spec{ID: id, Dir: dir})
		if err != nil {
			return err
		}
		_, err = sandbox.Run(noContext, hands.Call{Tool: "bash", Input: []byte(`{"command":"(setsid sleep 1000 &); touch running"}`)})
		return err
	}()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	select {}
}

// testCrash kills a server and holds its sandboxes to dying with it, and Sweep
// to clearing up.
func testCrash(t *testing.T, s *suite) {
	stateDir, dir := t.TempDir(), t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(t.Context(), exe, stateDir, dir, newID())
	server.Args[0] = serverName
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		t.Fatalf("the server says %q, %v", line, err)
	}
	pids := launchers(t, stateDir)
	if len(pids) == 0 {
		t.Fatal("the server has no sandbox processes")
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = server.Wait() // it was killed
	for _, pid := range pids {
		waitGone(t, pid)
	}
	d, err := s.newOne(stateDir, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Sweep(t.Context()); err != nil {
		t.Fatal("Sweep:", err)
	}
	if left := processesWith(t, stateDir); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
	if left, _ := filepath.Glob(stateDir + "/live/*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := os.Stat(dir + "/run"); !os.IsNotExist(err) {
		t.Errorf("run/ after Sweep: %v", err)
	}
	b := s.start(t, func(spec *hands.Spec) { spec.Dir = dir })
	b.check([]toolCase{{"glob", args{"pattern": "*"}, "/workspace/running", false}})
}

// launchers opens the processes that run a program of the state directory.
func launchers(t *testing.T, stateDir string) []int {
	t.Helper()
	var fds []int
	for _, p := range processesWith(t, stateDir) {
		var pid int
		if _, err := fmt.Sscan(strings.Fields(p)[0], &pid); err != nil {
			t.Fatal(err)
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err == unix.ESRCH {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
		fds = append(fds, fd)
	}
	return fds
}

// waitGone waits for the end of a process that may take a while to die.
func waitGone(t *testing.T, pidfd int) {
	t.Helper()
	const patience = 20_000 // milliseconds
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, patience)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			t.Errorf("a process outlives the server: %v", err)
		}
		return
	}
}
