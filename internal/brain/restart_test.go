package brain

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestRestartDuringAModelRequest(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	hang := modeltest.NewHang()
	h.model.Queue(modeltest.Text("Never heard.").HangAt(2, hang), modeltest.Text("Here I am again."))
	h.until(s, wire.TypeModelRequestStart, userMessage("hi"))
	<-hang.Arrived()
	h.reopen(s)
	h.golden(s, "restart_model")
}

func TestRestartDuringATool(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	started := make(chan struct{})
	h.hands.run = func(ctx context.Context, _ hands.Call) (hands.Result, error) {
		close(started)
		<-ctx.Done()
		return hands.Result{}, ctx.Err()
	}
	h.model.Queue(modeltest.ToolUse("bash", map[string]any{"command": "make"}), modeltest.Text("I check what was made."))
	h.send(s, userMessage("build"))
	<-started
	h.reopen(s)
	h.golden(s, "restart_tool")
}

// A process that dies between the commit of a request and the turn leaves a
// queued message.
func TestRestartWithQueuedInput(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud")
	h.brain.Stop() // nobody takes up what is sent
	h.send(s, userMessage("anybody?"))
	if h.row(s).Status != wire.Running {
		t.Error("the session doesn't look busy")
	}
	h.model.Queue(modeltest.Text("Yes."))
	h.reopen(s)
	if n := len(h.events(s)); n != 9 {
		t.Errorf("%d events", n)
	}
}

func TestRestartOfAnAnsweredPark(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", weather)
	h.model.Queue(modeltest.ToolUse("weather", map[string]any{}), modeltest.Text("Sunny."))
	h.until(s, wire.TypeStatusIdle, userMessage("weather?"))
	h.brain.Stop()
	h.send(s, customResult(h.idOf(s, wire.TypeAgentCustomToolUse, 1), "sun"))
	h.reopen(s)
	if last := h.model.Requests()[1].Results(); !strings.Contains(fmt.Sprint(last), "sun") {
		t.Errorf("results %v", last)
	}
}

// A conversation that was read back from the log is the one that was kept in
// memory.
func TestTheLogHoldsTheWholeConversation(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins, weather)
	h.model.Queue(
		modeltest.Thinking("hm").And(modeltest.ToolUse("bash", map[string]any{"command": "ls"})).And(modeltest.ToolUse("weather", map[string]any{"at": 1})),
		modeltest.Thinking("aha").And(modeltest.Text("So be it.")),
		modeltest.Text("Third."), modeltest.Text("Third."))
	h.until(s, wire.TypeStatusIdle, userMessage("go"))
	h.until(s, wire.TypeStatusIdle, customResult(h.idOf(s, wire.TypeAgentCustomToolUse, 1), "fine"))
	h.until(s, wire.TypeStatusIdle, userMessage("cached"))
	h.restart()
	h.until(s, wire.TypeStatusIdle, userMessage("read back"))
	requests := h.model.Requests()
	kept, read := messagesOf(t, requests[2].Raw), messagesOf(t, requests[3].Raw)
	if len(read) != len(kept)+2 {
		t.Fatalf("%d messages, before %d", len(read), len(kept))
	}
	for i, want := range kept {
		if read[i] != want {
			t.Errorf("message %d:\n%s\nwant\n%s", i, read[i], want)
		}
	}
}

// messagesOf is the messages of a request without their cache breakpoints.
func messagesOf(t *testing.T, body []byte) (out []string) {
	var v struct{ Messages []raw }
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	for _, m := range v.Messages {
		out = append(out, strings.ReplaceAll(string(m), `,"cache_control":{"type":"ephemeral"}`, ""))
	}
	return out
}

// Whoever raised the generation owns the session.
func TestAnEarlierOwnerIsFenced(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud")
	hang := modeltest.NewHang()
	h.model.Queue(modeltest.Text("Too late.").HangAt(1, hang))
	h.until(s, wire.TypeModelRequestStart, userMessage("hi"))
	<-hang.Arrived()
	before := len(h.events(s))
	err := h.db.Update(t.Context(), func(tx store.Tx) error {
		row, err := store.GetSession(tx, s)
		if err != nil {
			return err
		}
		row.Generation++
		return store.SaveState(tx, row)
	})
	if err != nil {
		t.Fatal(err)
	}
	hang.Release()
	h.brain.wg.Wait() // the turn gives up
	if got := h.events(s); len(got) != before {
		t.Errorf("the earlier owner wrote %v", got[before:])
	}
}
