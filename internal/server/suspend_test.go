package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// lastResult is the text of the last tool result of a session.
func (p *process) lastResult(session string) (text string) {
	p.t.Helper()
	for _, e := range p.idle(session) {
		if e.Type != "agent.tool_result" {
			continue
		}
		text = ""
		for _, c := range e.Content {
			text += c.Text
		}
	}
	return text
}

// A session's background process and shell variable outlive the suspension of
// its sandbox, a server that is killed meanwhile, and one that is stopped.
func TestSuspendAndResume(t *testing.T) {
	m := modeltest.New(t)
	dir := t.TempDir()
	ask := func(p *process, session, command string) string {
		t.Helper()
		m.Queue(modeltest.ToolUse("bash", map[string]any{"command": command}), modeltest.Text("I see."))
		p.say(session, "go on")
		return p.lastResult(session)
	}
	const look = `echo "$WORD"; pwd; kill -0 $COUNTER && echo lives; was=$(cat /workspace/count)
		until [ "$(cat /workspace/count)" -gt $was ]; do sleep 0.01; done`
	const want = "a b\n/tmp\nlives\n\n"
	suspendedDir := filepath.Join(dir, "sandboxes", "*", "suspended")

	p := start(t, dir, m.URL, serveIdle+"=100ms")
	s := p.session()
	ask(p, s, `WORD="a b"; cd /tmp
		(i=0; while :; do i=$((i+1)); echo $i > /workspace/c; mv /workspace/c /workspace/count; sleep 0.01; done) > /dev/null 2>&1 &
		COUNTER=$!; until [ -e /workspace/count ]; do sleep 0.01; done`)
	for range 2 {
		waitForFile(t, suspendedDir)
		if got := ask(p, s, look); got != want {
			t.Errorf("resumed: %q", got)
		}
	}
	waitForFile(t, suspendedDir)
	p.kill()

	c := config(dir, m.URL)
	c.SuspendAfter = time.Hour
	for _, after := range []string{"a server that was killed", "a server that was stopped"} {
		p = serveHere(t, c)
		if got := ask(p, s, look); got != want {
			t.Errorf("resumed after %s: %q", after, got)
		}
		p.close()
	}

	c.SuspendAfter = 0
	p = serveHere(t, c)
	if got := ask(p, s, "echo ${WORD:-none}; grep -c . /workspace/count"); !strings.HasPrefix(got, "none\n1\n") || !strings.Contains(got, "started anew") {
		t.Errorf("without suspending: %q", got)
	}
	p.call("DELETE", "/v1/sessions/"+s, "")
	p.close()
	if left, err := filepath.Glob(filepath.Join(dir, "sandboxes", "*")); err != nil || len(left) > 0 {
		t.Errorf("left of a deleted session: %v, %v", left, err)
	}
}

// A new session's first call finds a sandbox that was started before.
func TestWarmPool(t *testing.T) {
	m := modeltest.New(t)
	dir := t.TempDir()
	c := config(dir, m.URL)
	c.WarmPool, c.SuspendAfter = 1, time.Hour
	p := serveHere(t, c)
	env := p.create("/v1/environments", `{"name":"test"}`)
	agent := p.create("/v1/agents", `{"name":"test","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401"}]}`)
	spares := filepath.Join(dir, "sandboxes", "pool", "*", "workspace")
	// A session that comes while the spare sandbox is being started doesn't get
	// it, so the next one does.
	const tries = 5
	for try := 1; ; try++ {
		waitForFile(t, spares)
		spare := inode(t, spares)
		s := p.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q}`, agent, env))
		m.Queue(modeltest.ToolUse("bash", map[string]any{"command": "echo made > made; pwd; X=1"}),
			modeltest.ToolUse("read", map[string]any{"file_path": "made"}), modeltest.Text("I see."))
		p.say(s, "go on")
		if got := p.lastResult(s); got != "made\n" {
			t.Fatalf("%q", got)
		}
		mine := inode(t, filepath.Join(dir, "sandboxes", "sbx_*", "workspace"))
		p.call("POST", "/v1/sessions/"+s+"/archive", "")
		if mine == spare {
			break
		}
		if try == tries {
			t.Fatal("no session gets the spare sandbox")
		}
		waitForNo(t, filepath.Join(dir, "sandboxes", "sbx_*"))
	}
	p.close()
	if left, err := filepath.Glob(spares); err != nil || len(left) > 0 {
		t.Errorf("spare sandboxes are left: %v, %v", left, err)
	}
}

// waitForNo waits until nothing is of a name.
func waitForNo(t *testing.T, pattern string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		found, err := filepath.Glob(pattern)
		if err == nil && len(found) == 0 {
			return
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("still there: %v, %v", found, err)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func inode(t *testing.T, pattern string) uint64 {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	info, err := os.Stat(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}
