package handstest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

// suspender is the driver under test, if it is one.
func (s *suite) suspender(t *testing.T) hands.Suspender {
	t.Helper()
	d, ok := s.driver.(hands.Suspender)
	if !ok {
		t.Skip("the driver can't suspend")
	}
	return d
}

// suspend suspends a sandbox and returns its checkpoint.
func (s *suite) suspend(t *testing.T, b box) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "checkpoint")
	if err := s.suspender(t).Suspend(t.Context(), b.Sandbox, path); err != nil {
		t.Fatal("Suspend:", err)
	}
	select {
	case <-b.Done():
	default:
		t.Error("the sandbox is there after Suspend")
	}
	return path
}

// resume goes on with a sandbox in another of the same files.
func (s *suite) resume(t *testing.T, path, dir string, edit ...func(*hands.Spec)) box {
	t.Helper()
	spec := hands.Spec{ID: newID(), Dir: dir}
	for _, e := range edit {
		e(&spec)
	}
	b := made(t, func(spec hands.Spec) (hands.Sandbox, error) { return s.suspender(t).Resume(t.Context(), spec, path) }, spec)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	return b
}

// testSuspend holds what is in a sandbox to being there when it goes on.
func testSuspend(t *testing.T, s *suite) {
	s.suspender(t)
	b := s.start(t)
	b.bash(`mkdir -p sub; cd sub; WORD='a b'; count() { echo counted; }
		echo kept | tee /tmp/t /root/r /opt/o > w
		(i=0; while :; do i=$((i+1)); echo $i > /workspace/tick; mv /workspace/tick /workspace/ticks; sleep 0.01; done) > /dev/null 2>&1 &
		exec 7>> /workspace/log 8> /tmp/gone; rm /tmp/gone; echo first >&7
		sleep 1000 & echo $! > /tmp/pid; until [ -e /workspace/ticks ]; do sleep 0.01; done`)
	for round := range 3 {
		path := s.suspend(t, b)
		before, err := os.ReadFile(b.dir + "/workspace/ticks")
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the checkpoint: %v, %v", info.Mode(), err)
		}
		b = s.resume(t, path, b.dir)
		b.check([]toolCase{
			{"bash", args{"command": `pwd; echo "$WORD"; count; cat /tmp/t /root/r /opt/o w; kill -0 $(cat /tmp/pid) && echo lives`},
				"/workspace/sub\na b\ncounted\nkept\nkept\nkept\nkept\nlives\n\n", false},
			{"bash", args{"command": "echo more >&7; echo x >&8; tail -n 1 /workspace/log; jobs -p | wc -l"}, "more\n2\n\n", false},
			{"read", args{"file_path": "sub/w"}, "kept\n", false},
			{"bash", args{"command": "was=" + strings.TrimSpace(string(before)) + `; until [ "$(cat /workspace/ticks)" -gt $was ]; do sleep 0.01; done; echo goes on`}, "goes on\n\n", false},
			{"write", args{"file_path": "round", "content": string(rune('a' + round))}, "…", false},
		})
	}
}

// testSuspendNetwork holds connections to breaking rather than hanging, and new
// ones to working.
func testSuspendNetwork(t *testing.T, s *suite) {
	s.suspender(t)
	w := newWorld(t)
	b := w.enter(t, s, policy.Unrestricted())
	b.bash(`exec 9<>/dev/tcp/echo.test/7; echo hello >&9; read -r line <&9; [ "$line" = hello ]
		(cat <&9 > /dev/null; echo $? > /workspace/ended) 2> /dev/null &`)
	path := s.suspend(t, b)
	b = w.again(t, s, policy.Unrestricted(), b.dir, func(spec hands.Spec) (hands.Sandbox, error) {
		return s.suspender(t).Resume(t.Context(), spec, path)
	})
	waitFile(t, b.dir+"/workspace", "ended")
	b.check([]toolCase{
		{"bash", args{"command": `echo again >&9 2> /dev/null || echo broken; exec 9>&-`}, "broken\n\n", false},
		{"bash", args{"command": `exec 9<>/dev/tcp/echo.test/7; echo hello >&9; head -n 1 <&9; exec 9>&-`}, "hello\n\n", false},
	})
	if hostHas("curl") {
		b.check([]toolCase{{"bash", args{"command": `curl -sS -H "X-Key: $KEY" https://key.example.com/key`}, "true\n\n", false}})
	}
}

// testCheckpoint holds checkpoints that can't be used to being refused, and
// refusals to leaving nothing that keeps a new sandbox from starting.
func testCheckpoint(t *testing.T, s *suite) {
	d := s.suspender(t)
	b := s.start(t)
	b.bash("true")
	path := s.suspend(t, b)
	shown := t.TempDir()
	if err := os.Chmod(shown, 0o755); err != nil {
		t.Fatal(err)
	}
	mount := func(spec *hands.Spec) {
		spec.Mounts = []hands.Mount{{Path: "/mnt/memory/notes", Source: shown, ReadOnly: true}}
	}
	for name, edit := range map[string]func(*hands.Spec){
		"a mount more":  mount,
		"other limits":  func(spec *hands.Spec) { spec.Limits.Processes = 7 },
		"another layer": func(spec *hands.Spec) { spec.Layers = []hands.Layer{{Tree: shown, Path: "/opt/layer"}} },
	} {
		spec := hands.Spec{ID: newID(), Dir: b.dir}
		edit(&spec)
		if _, err := d.Resume(t.Context(), spec, path); !errors.Is(err, hands.ErrNoCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.Resume(t.Context(), hands.Spec{ID: newID(), Dir: b.dir}, path+"-no"); !errors.Is(err, hands.ErrNoCheckpoint) {
		t.Errorf("no checkpoint: %v", err)
	}
	files, err := os.ReadDir(path)
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
		if f.Name() == "stamp" {
			continue
		}
		if err := os.Truncate(filepath.Join(path, f.Name()), info.Size()/2); err != nil {
			t.Fatal(err)
		}
	}
	if box, err := d.Resume(t.Context(), hands.Spec{ID: newID(), Dir: b.dir}, path); err == nil {
		t.Error("half a checkpoint:", box.Close(noContext))
	}
	if got := s.start(t, func(spec *hands.Spec) { spec.Dir = b.dir }).bash("echo fresh"); got != "fresh\n" {
		t.Errorf("a new sandbox: %q", got)
	}
}
