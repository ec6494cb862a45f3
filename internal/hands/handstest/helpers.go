package handstest

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// mine begins the ids of this process's sandboxes.
var mine = "sbx_" + strings.ToLower(rand.Text())[:10]

// newID is a sandbox id that no other test has.
func newID() string { return mine + strings.ToLower(rand.Text())[:14] }

// box is a sandbox with the test it belongs to.
type box struct {
	hands.Sandbox
	t   *testing.T
	dir string
}

// start starts a sandbox for the rest of the test. edit may change its spec.
func (s *suite) start(t *testing.T, edit ...func(*hands.Spec)) box {
	t.Helper()
	dir := t.TempDir()
	spec := hands.Spec{ID: newID(), Dir: dir}
	for _, e := range edit {
		e(&spec)
	}
	return made(t, func(spec hands.Spec) (hands.Sandbox, error) { return s.driver.Start(t.Context(), spec) }, spec)
}

// made makes a sandbox for the rest of the test.
func made(t *testing.T, start func(hands.Spec) (hands.Sandbox, error), spec hands.Spec) box {
	t.Helper()
	sandbox, err := start(spec)
	if err != nil {
		t.Fatal("Start:", err)
	}
	t.Cleanup(func() {
		if err := sandbox.Close(noContext); err != nil {
			t.Error("Close:", err)
		}
	})
	return box{Sandbox: sandbox, t: t, dir: spec.Dir}
}

// call runs a tool and returns the text of its result.
func (b box) call(tool string, input any) (string, bool) {
	b.t.Helper()
	body, err := json.Marshal(input)
	if err != nil {
		b.t.Fatal(err)
	}
	result, err := b.Run(b.t.Context(), hands.Call{Tool: tool, Input: body})
	if err != nil {
		b.t.Fatalf("%s: %v", tool, err)
	}
	return text(b.t, result), result.IsError
}

// bash runs a command that must succeed and returns what it printed, without
// the newline that the reference worker's shell adds.
func (b box) bash(command string) string {
	b.t.Helper()
	out, isErr := b.call("bash", args{"command": command})
	if isErr {
		b.t.Fatalf("bash %q failed: %s", command, out)
	}
	return strings.TrimSuffix(out, "\n")
}

// args is the input of a call.
type args map[string]any

// text is the text of a result of one text block.
func text(t *testing.T, r hands.Result) string {
	t.Helper()
	if len(r.Content) != 1 {
		t.Fatalf("a result of %d blocks: %s", len(r.Content), r.Content)
	}
	var block struct{ Type, Text string }
	if err := json.Unmarshal(r.Content[0], &block); err != nil || block.Type != "text" {
		t.Fatalf("not a text block: %s (%v)", r.Content[0], err)
	}
	return block.Text
}

// check runs a table of calls in order in one sandbox. In wants a "…" at the
// end stands for anything.
func (b box) check(cases []toolCase) {
	b.t.Helper()
	for _, c := range cases {
		got, isErr := b.call(c.tool, c.in)
		prefix, open := strings.CutSuffix(c.want, "…")
		if ok := got == c.want || open && strings.HasPrefix(got, prefix); !ok || isErr != c.isErr {
			b.t.Errorf("%s %v\n got %q, error %v\nwant %q, error %v", c.tool, c.in, got, isErr, c.want, c.isErr)
		}
	}
}

type toolCase struct {
	tool  string
	in    any
	want  string
	isErr bool
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// waitFile waits until a file of this name is in an existing directory of the
// host.
func waitFile(t *testing.T, dir, name string) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	notify := os.NewFile(uintptr(fd), "inotify")
	defer notify.Close()
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CREATE|unix.IN_MOVED_TO); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-t.Context().Done():
			_ = notify.Close()
		case <-stop:
		}
	}()
	buf := make([]byte, 4096)
	for {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return
		}
		if _, err := notify.Read(buf); err != nil {
			t.Fatalf("waiting for %s: %v", name, err)
		}
	}
}
