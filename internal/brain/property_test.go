package brain

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Whatever a client, the model and the operator do in whatever order, the log
// keeps its invariants and the model is never asked something it would refuse
// (the double fails the test if it is), also if its window is so small that the
// conversation is compacted again and again, or if the window is not known.
func TestLogInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		actions := rapid.SliceOfN(rapid.SampledFrom([]string{"say", "say", "say", "interrupt", "answer", "answer", "break in", "restart"}), 1, 12).Draw(rt, "actions")
		room := rapid.SampledFrom([]int64{0, 2500, 4000, 8000}).Draw(rt, "room")
		known := rapid.Bool().Draw(rt, "known")
		ok := t.Run("", func(t *testing.T) { play(t, seed, actions, room, known) })
		if !ok {
			rt.Fatalf("seed %d, actions %q, room %d, known %t", seed, actions, room, known)
		}
	})
}

func play(t *testing.T, seed uint64, actions []string, room int64, known bool) {
	h := newHarness(t, func(d *Deps) {
		if room > 0 && known {
			window(room)(d)
		}
	})
	h.input.Store(room)
	sizes := randomSizes(seed)
	h.hands.run = func(_ context.Context, call hands.Call) (hands.Result, error) {
		return said("ran " + long("on", sizes(6000))), nil
	}
	s := h.session("cloud", `{"type":"agent_toolset_20260401","configs":[{"name":"write","permission_policy":{"type":"always_ask"}}]}`, weather,
		`{"type":"mcp_toolset","mcp_server_name":"a","default_config":{"permission_policy":{"type":"always_allow"}}}`,
		`{"type":"mcp_toolset","mcp_server_name":"b"}`)
	h.remote.random(seed)
	h.model.Func(randomModel(seed))
	said := 0
	for _, a := range actions {
		switch a {
		case "say":
			said++
			h.trySend(s, userMessage(fmt.Sprint("message ", said, long(" word", sizes(5000))))) // refused while it is parked
		case "interrupt":
			h.send(s, `{"type":"user.interrupt"}`)
		case "break in":
			said++
			h.send(s, `{"type":"user.interrupt"}`, userMessage(fmt.Sprint("message ", said)))
		case "answer":
			h.answerAll(s)
		case "restart":
			h.restart()
		}
	}
	for h.rest(s); h.row(s).Parked; h.rest(s) {
		h.answerAll(s)
	}
	h.model.Func(func(modeltest.Request) modeltest.Reply { return modeltest.Text("The end.") })
	h.until(s, wire.TypeStatusIdle, userMessage("and finally"))
	if log := h.events(s); room == 0 && !strings.Contains(log[len(log)-1], wire.StopEndTurn) {
		t.Errorf("the last turn ended with %s", log[len(log)-1])
	}
	h.checkInvariants(s)
	h.checkReplay(s)
}

// randomSizes answers numbers below a bound.
func randomSizes(seed uint64) func(int) int {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 2))
	return func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return rng.IntN(n)
	}
}

// randomModel answers at random. It never loops for ever: the more it said,
// the likelier it is to come to an end.
func randomModel(seed uint64) func(modeltest.Request) modeltest.Reply {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 1))
	return func(modeltest.Request) modeltest.Reply {
		mu.Lock()
		defer mu.Unlock()
		bash := modeltest.ToolUse("bash", map[string]any{"command": "true"})
		custom := modeltest.ToolUse("weather", map[string]any{"city": "Ulm"})
		asks := modeltest.ToolUse("write", map[string]any{"file_path": "a", "content": "b"})
		allowed := modeltest.ToolUse("mcp__a__look", map[string]any{"at": 1})
		asked := modeltest.ToolUse("mcp__b__look", map[string]any{"at": 2})
		choices := []modeltest.Reply{
			allowed, asked, modeltest.Thinking("mhm").And(asked).And(allowed).And(bash),
			allowed.And(allowed).And(asked).And(allowed).And(bash).And(allowed), bash, custom, asks, bash.And(custom), custom.And(asks).And(bash), modeltest.Thinking("hm").And(bash),
			modeltest.ToolUse("nonesuch", map[string]any{}), modeltest.PauseTurn("wait"), modeltest.Refusal("cyber", "no"),
			modeltest.Error(529, "overloaded_error", "Overloaded"), modeltest.Text("half").Drop(3), modeltest.MaxTokens("and so"), modeltest.Empty(),
			modeltest.Thinking("oh").And(bash).And(modeltest.CutOffToolUse("bash", `{"comm`)),
		}
		if n := rng.IntN(2 * len(choices)); n < len(choices) {
			return choices[n]
		}
		return modeltest.Thinking("so").And(modeltest.Text("Well."))
	}
}

// answerAll answers every call that waits for the client. Some answers may
// come too late.
func (h *harness) answerAll(s string) {
	h.t.Helper()
	var calls []store.Call
	err := h.db.View(h.t.Context(), func(tx store.Tx) (err error) {
		calls, err = store.Calls(tx, s)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range calls {
		switch {
		case c.Awaits == store.AwaitsResult:
			h.trySend(s, customResult(c.EventID, "rain"))
		case c.Awaits == store.AwaitsConfirmation && c.Decided == "":
			h.trySend(s, confirm(c.EventID, []string{"allow", "deny"}[c.Seq%2]))
		}
	}
}

// rest waits until nothing is left to do without the client.
func (h *harness) rest(s string) {
	h.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		var inbox []store.Queued
		err := h.db.View(h.t.Context(), func(tx store.Tx) (err error) {
			inbox, err = store.Inbox(tx, s)
			return err
		})
		if err != nil {
			h.t.Fatal(err)
		}
		if row := h.row(s); row.Status == wire.Idle && (row.Parked || len(inbox) == 0) {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("the session doesn't come to rest:\n%s", strings.Join(h.events(s), "\n"))
		}
		<-time.After(time.Millisecond)
	}
}

func (h *harness) checkInvariants(s string) {
	h.t.Helper()
	type event struct {
		ID          string
		Type        string
		ProcessedAt string `json:"processed_at"`
		StartID     string `json:"model_request_start_id"`
		ToolUseID   string `json:"tool_use_id"`
		MCPID       string `json:"mcp_tool_use_id"`
		CustomID    string `json:"custom_tool_use_id"`
	}
	ids, span := map[string]bool{}, ""
	open := map[string]string{} // call → type
	status, thread, last, before := wire.Idle, wire.Idle, "", ""
	for _, raw := range h.events(s) {
		var e event
		if err := json.Unmarshal([]byte(raw), &e); err != nil {
			h.t.Fatal(err)
		}
		fail := func(what string) { h.t.Errorf("%s at %s", what, raw) }
		if ids[e.ID] {
			fail("an id twice")
		}
		ids[e.ID] = true
		if e.ProcessedAt <= last {
			fail("time goes back")
		}
		last = e.ProcessedAt
		prior := before
		before = e.Type
		switch e.Type {
		case wire.TypeThreadContextCompacted:
			if prior != wire.TypeModelRequestEnd || status != wire.Running || len(open) > 0 {
				fail("a compaction in the wrong place")
			}
		case wire.TypeStatusRunning:
			if status == wire.Running {
				fail("running twice")
			}
			status = wire.Running
		case wire.TypeThreadRunning:
			thread = wire.Running
		case wire.TypeThreadRescheduled:
			thread = wire.Rescheduling
		case wire.TypeStatusRescheduled:
			status = wire.Rescheduling
		case wire.TypeThreadIdle:
			thread = wire.Idle
		case wire.TypeStatusIdle:
			status = wire.Idle
			if thread != wire.Idle {
				fail("idle while the thread is " + thread)
			}
		case wire.TypeModelRequestStart:
			if span != "" || status != wire.Running || len(open) > 0 {
				fail("a model request in the wrong place")
			}
			span = e.ID
		case wire.TypeModelRequestEnd:
			if e.StartID != span || span == "" {
				fail("an end without its start")
			}
			span = ""
		case wire.TypeAgentToolUse, wire.TypeAgentMCPToolUse, wire.TypeAgentCustomToolUse:
			if span == "" {
				fail("a call outside of a model request")
			}
			open[e.ID] = e.Type
		case wire.TypeAgentToolResult, wire.TypeAgentMCPToolResult, wire.TypeUserCustomToolResult:
			id := e.ToolUseID + e.CustomID + e.MCPID
			if open[id] == "" || (open[id] == wire.TypeAgentMCPToolUse) != (e.MCPID != "") {
				fail("a result of no open call")
			}
			delete(open, id)
		case wire.TypeUserInterrupt:
			for id, typ := range open { // custom calls are void without a result event
				if typ == wire.TypeAgentCustomToolUse {
					delete(open, id)
				}
			}
		}
	}
	if span != "" || len(open) > 0 || status != wire.Idle {
		h.t.Errorf("the log ends with span %q, calls %v, status %s", span, open, status)
	}
}
