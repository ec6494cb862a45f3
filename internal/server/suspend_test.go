package server

import (
	"path/filepath"
	"strings"
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
