package handstest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// testLost holds a sandbox that is killed to failing its calls with ErrLost.
func testLost(t *testing.T, s *suite) {
	b := s.start(t)
	killable, ok := b.Sandbox.(interface{ Pid() int })
	if !ok {
		t.Fatal("the sandbox has no Pid")
	}
	ended := make(chan error, 1)
	go func() {
		_, err := b.Run(t.Context(), hands.Call{Tool: "bash", Input: []byte(`{"command":"touch running; sleep 1000"}`)})
		ended <- err
	}()
	waitFile(t, b.dir+"/workspace", "running")
	if err := unix.Kill(killable.Pid(), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, hands.ErrLost) {
		t.Errorf("the running call: %v", err)
	}
	<-b.Done()
	if _, err := b.Run(t.Context(), hands.Call{Tool: "read", Input: []byte(`{"file_path":"x"}`)}); !errors.Is(err, hands.ErrLost) {
		t.Errorf("the next call: %v", err)
	}
	if err := b.Link(t.Context(), []hands.Link{{Path: "/x", Target: "/y"}}); !errors.Is(err, hands.ErrLost) {
		t.Errorf("Link: %v", err)
	}
	// Another sandbox takes over the files.
	again := s.start(t, func(spec *hands.Spec) { spec.Dir = b.dir })
	again.check([]toolCase{{"glob", args{"pattern": "*"}, "/workspace/running", false}})
}

// testClose holds Close to ending calls, to being idempotent, and to leaving
// the files.
func testClose(t *testing.T, s *suite) {
	b := s.start(t)
	ended := make(chan error, 1)
	go func() {
		_, err := b.Run(t.Context(), hands.Call{Tool: "bash", Input: []byte(`{"command":"touch running; sleep 1000"}`)})
		ended <- err
	}()
	waitFile(t, b.dir+"/workspace", "running")
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := b.Close(t.Context()); err != nil {
				t.Error("Close:", err)
			}
		})
	}
	all.Wait()
	select {
	case <-b.Done():
	default:
		t.Error("Done isn't closed after Close")
	}
	if err := <-ended; !errors.Is(err, hands.ErrLost) {
		t.Errorf("the running call: %v", err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error("Close again:", err)
	}
	if _, err := os.Stat(b.dir + "/workspace/running"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(b.dir + "/run"); !os.IsNotExist(err) {
		t.Errorf("run/ after Close: %v", err)
	}
}

// testStart holds Start to its contract at the edges.
func testStart(t *testing.T, s *suite) {
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			dir := t.TempDir()
			sandbox, err := s.driver.Start(t.Context(), hands.Spec{ID: newID(), Dir: dir})
			if err != nil {
				t.Error("Start beside others:", err)
				return
			}
			b := box{Sandbox: sandbox, t: t, dir: dir}
			want := fmt.Sprintf("%d\n", i)
			if out := b.bash(fmt.Sprint("echo ", i, " | tee f")); out != want {
				t.Errorf("sandbox %d says %q", i, out)
			}
			if err := sandbox.Close(t.Context()); err != nil {
				t.Error("Close:", err)
			}
			if got, err := os.ReadFile(dir + "/workspace/f"); err != nil || string(got) != want {
				t.Errorf("file of sandbox %d: %q, %v", i, got, err)
			}
		})
	}
	all.Wait()

	id, dir := newID(), t.TempDir()
	first := s.start(t, func(spec *hands.Spec) { spec.ID, spec.Dir = id, dir })
	if _, err := s.driver.Start(t.Context(), hands.Spec{ID: id, Dir: t.TempDir()}); err == nil {
		t.Error("two sandboxes of one id")
	}
	if out := first.bash("echo alive"); out != "alive\n" {
		t.Error(out)
	}
	for name, spec := range map[string]hands.Spec{
		"id":         {ID: "sbx_../../../../../../etc/pass", Dir: dir},
		"short id":   {ID: "sbx_a", Dir: dir},
		"directory":  {ID: newID(), Dir: "relative"},
		"mount":      {ID: newID(), Dir: t.TempDir(), Mounts: []hands.Mount{{Path: "/mnt/../etc", Source: dir}}},
		"no source":  {ID: newID(), Dir: t.TempDir(), Mounts: []hands.Mount{{Path: "/mnt/x", Source: dir + "/none"}}},
		"link":       {ID: newID(), Dir: t.TempDir(), Links: []hands.Link{{Path: "relative", Target: "/x"}}},
		"no gate":    {ID: newID(), Dir: t.TempDir(), GateSocket: dir + "/none.sock"},
		"variable":   {ID: newID(), Dir: t.TempDir(), Env: map[string]string{"A=B": "c"}},
		"over proc":  {ID: newID(), Dir: t.TempDir(), Mounts: []hands.Mount{{Path: "/proc/x", Source: dir}}},
		"over /":     {ID: newID(), Dir: t.TempDir(), Mounts: []hands.Mount{{Path: "/", Source: dir}}},
		"over guest": {ID: newID(), Dir: t.TempDir(), Mounts: []hands.Mount{{Path: "/run/ostler", Source: dir}}},
	} {
		if sandbox, err := s.driver.Start(t.Context(), spec); err == nil {
			t.Errorf("Start with a bad %s", name)
			_ = sandbox.Close(t.Context())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.driver.Start(ctx, hands.Spec{ID: newID(), Dir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("Start with an ended context: %v", err)
	}
}

// nothingLeft checks that no process, record or control group of the suite's
// sandboxes is left.
func (s *suite) nothingLeft(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{s.stateDir + "/live/*", "/sys/fs/cgroup/ostler/" + mine + "*", "/sys/fs/cgroup/*/ostler/" + mine + "*"} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	for _, p := range processesWith(t, s.stateDir) {
		t.Errorf("left running: %s", p)
	}
}

// processesWith lists the processes whose program is below dir, or that see a
// program from there.
func processesWith(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		exe, err := os.Readlink("/proc/" + e.Name() + "/exe")
		mounts, _ := os.ReadFile("/proc/" + e.Name() + "/mountinfo") // of what a container runs
		if err == nil && (strings.HasPrefix(exe, dir) || strings.Contains(string(mounts), dir+"/programs/")) {
			found = append(found, e.Name()+" "+exe)
		}
	}
	return found
}
