package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

func TestKilledDuringAModelRequest(t *testing.T) {
	m := modeltest.New(t)
	hang := modeltest.NewHang()
	m.Queue(modeltest.Text("Never heard.").HangAt(2, hang), modeltest.Text("Back again."))
	dir := t.TempDir()
	p := start(t, dir, m.URL)
	s := p.session()
	p.say(s, "hi")
	<-hang.Arrived()
	p.kill()
	p = start(t, dir, m.URL)
	log := p.idle(s)
	checkLog(t, log)
	if count(log, "agent.message") != 1 || count(log, "session.status_running") != 1 || count(log, "span.model_request_start") != 2 {
		t.Errorf("log %+v", log)
	}
}

func TestKilledDuringABashCommand(t *testing.T) {
	m := modeltest.New(t)
	m.Queue(
		modeltest.ToolUse("bash", map[string]any{"command": "echo kept > note; touch /mnt/session/outputs/begun; sleep 1000"}),
		modeltest.ToolUse("bash", map[string]any{"command": "cat note; ps -e | grep -c sleep"}),
		modeltest.Text("I see."))
	dir := t.TempDir()
	p := start(t, dir, m.URL)
	s := p.session()
	p.say(s, "build")
	waitForFile(t, filepath.Join(dir, "sandboxes", "*", "outputs", "begun"))
	p.kill()
	p = start(t, dir, m.URL)
	log := p.idle(s)
	checkLog(t, log)
	var results []string
	for _, e := range log {
		if e.Type == "agent.tool_result" {
			results = append(results, fmt.Sprint(e.IsError, e.Content))
		}
	}
	if len(results) != 2 || !strings.Contains(results[0], "true") || !strings.Contains(results[0], "server restarted") {
		t.Errorf("results %q", results)
	}
	if !strings.Contains(results[1], "kept\n0") {
		t.Errorf("after the restart the workspace is not as it was, or the old command still runs: %q", results[1])
	}
}

// The server is killed at random moments of a long conversation; it ends as if
// nothing had happened.
func TestKilledAgainAndAgain(t *testing.T) {
	const turns, kills = 40, 5
	m := modeltest.New(t)
	m.Func(func(modeltest.Request) modeltest.Reply { return modeltest.Text("Yes.") })
	dir := t.TempDir()
	p := start(t, dir, m.URL)
	s := p.session()
	for i := range turns {
		p.say(s, fmt.Sprint("message ", i))
		if i%(turns/kills) == 3 {
			<-time.After(time.Duration(i) * 100 * time.Microsecond) // somewhere in the turn
			p.kill()
			p = start(t, dir, m.URL)
		}
	}
	log := p.idle(s)
	checkLog(t, log)
	said := map[string]int{}
	for _, e := range log {
		if e.Type == "user.message" {
			said[e.Content[0].Text]++
		}
	}
	for i := range turns {
		if n := said[fmt.Sprint("message ", i)]; n != 1 {
			t.Errorf("message %d is in the log %d times", i, n)
		}
	}
}

func TestASecondServerIsRefused(t *testing.T) {
	m := modeltest.New(t)
	dir := t.TempDir()
	start(t, dir, m.URL)
	if _, err := Open(t.Context(), config(dir, m.URL)); err == nil || !strings.Contains(err.Error(), "in use by another server") {
		t.Errorf("second server: %v", err)
	}
}

func waitForFile(t *testing.T, pattern string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		if found, err := filepath.Glob(pattern); err != nil {
			t.Fatal(err)
		} else if len(found) > 0 {
			if _, err := os.Stat(found[0]); err == nil {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %s", pattern)
		}
		<-time.After(5 * time.Millisecond)
	}
}
