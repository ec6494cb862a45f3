package brain

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/wire"
)

// gates lets calls of MCP tools end one by one.
type gates struct {
	began chan string // the tools, as they are called
	open  map[string]chan struct{}
}

// gated makes the tools of every server wait until they are let through.
func (h *harness) gated(tools ...string) gates {
	g := gates{began: make(chan string, len(tools)), open: map[string]chan struct{}{}}
	for _, tool := range tools {
		g.open[tool] = make(chan struct{})
	}
	h.remote.list = func(context.Context, string) (out []mcp.Tool, _ *mcp.Failure) {
		for _, tool := range tools {
			out = append(out, mcp.Tool{Name: tool, InputSchema: look.InputSchema})
		}
		return out, nil
	}
	h.remote.answer = func(ctx context.Context, server, tool string) (mcp.Result, error) {
		g.began <- tool
		select {
		case <-g.open[tool]:
			return mcp.Result{Content: []raw{textBlock(tool + " of " + server)}}, nil
		case <-ctx.Done():
			return mcp.Result{}, ctx.Err()
		}
	}
	return g
}

// wait waits for so many calls to begin.
func (g gates) wait(n int) (tools []string) {
	for range n {
		tools = append(tools, <-g.began)
	}
	return tools
}

// shown is the texts that a model request has for the calls of the answer
// before, in its order.
func (h *harness) shown(n int) (texts []string) {
	h.t.Helper()
	for _, b := range h.model.Requests()[n].Last().Content {
		texts = append(texts, b.Result())
	}
	return texts
}

// Calls of one answer run at the same time, also those to one server. Each
// result is in the log when it is there; the model gets them in its own order.
func TestCallsSideBySide(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins, strings.Replace(allowing, `"b"`, `"a"`, 1), allowing)
	g := h.gated("one", "two", "three")
	h.model.Queue(ofServer("a", "one").And(ofServer("a", "two")).And(ofServer("b", "three")).
		And(modeltest.ToolUse("read", map[string]any{"file_path": "x"})), modeltest.Text("All seen."))
	h.until(s, wire.TypeAgentToolResult, userMessage("look"))
	g.wait(3)
	for _, tool := range []string{"three", "one"} {
		sub := h.journal.Subscribe(s)
		close(g.open[tool])
		h.await(sub, wire.TypeAgentMCPToolResult)
		sub.Close()
	}
	sub := h.journal.Subscribe(s)
	defer sub.Close()
	close(g.open["two"])
	h.await(sub, wire.TypeStatusIdle)
	h.golden(s, "mcp_side_by_side")
	if got := h.shown(1); !slices.Equal(got, []string{"one of a", "two of a", "three of b", "ran read"}) {
		t.Errorf("the model sees %q", got)
	}
}

// Many calls have to wait for those before them.
func TestCallsSideBySideAreBounded(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", allowing)
	var mu sync.Mutex
	now, most := 0, 0
	full := make(chan struct{})
	h.remote.answer = func(context.Context, string, string) (mcp.Result, error) {
		mu.Lock()
		if now++; now > most {
			if most = now; most == maxSide {
				close(full)
			}
		}
		mu.Unlock()
		<-full
		mu.Lock()
		defer mu.Unlock()
		now--
		return mcp.Result{Content: []raw{textBlock("seen")}}, nil
	}
	calls := ofServer("b", "look")
	for range 2*maxSide + 2 {
		calls = calls.And(ofServer("b", "look"))
	}
	h.model.Queue(calls, modeltest.Text("All seen."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	if got := h.shown(1); most != maxSide || len(got) != 2*maxSide+3 {
		t.Errorf("%d at once, %d results", most, len(got))
	}
}

// What changes the sandbox keeps its place, and nothing runs beside it.
func TestChangesKeepTheirPlace(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins, allowing)
	var mu sync.Mutex
	var began []string
	running := map[string]bool{}
	run := func(what string) func() {
		mu.Lock()
		defer mu.Unlock()
		alone := map[string]bool{"bash": true, "write": true, "edit": true}
		for other := range running {
			if alone[what] || alone[other] {
				t.Errorf("%s beside %s", what, other)
			}
		}
		running[what] = true
		began = append(began, what)
		return func() {
			mu.Lock()
			defer mu.Unlock()
			delete(running, what)
		}
	}
	h.hands.run = func(_ context.Context, c hands.Call) (hands.Result, error) {
		defer run(c.Tool)()
		return said("ran " + c.Tool), nil
	}
	h.remote.answer = func(_ context.Context, _, tool string) (mcp.Result, error) {
		defer run(tool)()
		return mcp.Result{Content: []raw{textBlock(tool)}}, nil
	}
	use := func(tool string) modeltest.Reply { return modeltest.ToolUse(tool, map[string]any{"file_path": "x"}) }
	h.model.Queue(ofServer("b", "look").And(use("read")).And(use("write")).And(use("edit")).And(use("glob")).And(ofServer("b", "look")).
		And(use("bash")).And(ofServer("b", "look")), modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("work"))
	slices.Sort(began[:2])
	slices.Sort(began[4:6])
	if want := []string{"look", "read", "write", "edit", "glob", "look", "bash", "look"}; !slices.Equal(began, want) {
		t.Errorf("began %q", began)
	}
}

// A call that the client allows while others run runs beside them; one that it
// denies is closed at once.
func TestConfirmationWhileOthersRun(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", asking, allowing)
	g := h.gated("asked", "other", "long")
	h.model.Queue(ofServer("a", "asked").And(ofServer("a", "other")).And(ofServer("b", "long")), modeltest.Text("So be it."))
	h.send(s, userMessage("look"))
	g.wait(1)
	h.until(s, wire.TypeAgentMCPToolResult, confirm(h.idOf(s, wire.TypeAgentMCPToolUse, 2), "deny"))
	h.send(s, confirm(h.idOf(s, wire.TypeAgentMCPToolUse, 1), "allow"))
	if got := g.wait(1); got[0] != "asked" {
		t.Errorf("began %q", got)
	}
	close(g.open["asked"])
	h.send(s, userMessage("And tell me."))
	sub := h.journal.Subscribe(s)
	defer sub.Close()
	close(g.open["long"])
	h.await(sub, wire.TypeStatusIdle)
	for _, e := range h.events(s) {
		if strings.Contains(e, wire.StopRequiresAction) {
			t.Error("the session was parked")
		}
	}
	if got := h.shown(1); len(got) != 4 || got[0] != "asked of a" || got[1] != deniedText || got[2] != "long of b" {
		t.Errorf("the model sees %q", got)
	}
}

// Calls that nobody has decided on wait until the others are done; so does the
// session.
func TestParkAfterCallsSideBySide(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", asking, allowing)
	h.model.Queue(ofServer("a", "look").And(ofServer("b", "look")).And(ofServer("a", "look")).And(ofServer("b", "look")), modeltest.Text("Seen."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.until(s, wire.TypeStatusIdle, confirm(h.idOf(s, wire.TypeAgentMCPToolUse, 1), "allow"))
	if !h.row(s).Parked {
		t.Error("one call is not decided on")
	}
	h.until(s, wire.TypeStatusIdle, confirm(h.idOf(s, wire.TypeAgentMCPToolUse, 3), "allow"))
	if got := h.shown(1); !slices.Equal(got, []string{"seen by a", "seen by b", "seen by a", "seen by b"}) {
		t.Errorf("the model sees %q", got)
	}
}

// An interrupt ends every call that runs, also after the first results came,
// and those that have not begun. What was answered stays.
func TestInterruptOfCallsSideBySide(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins, allowing)
	g := h.gated("one", "two", "three")
	h.model.Queue(ofServer("b", "one").And(ofServer("b", "two")).And(ofServer("b", "three")).
		And(modeltest.ToolUse("bash", map[string]any{"command": "ls"})), modeltest.Text("Fine."))
	h.send(s, userMessage("look"))
	g.wait(3)
	sub := h.journal.Subscribe(s)
	close(g.open["two"])
	h.await(sub, wire.TypeAgentMCPToolResult)
	sub.Close()
	h.until(s, wire.TypeStatusIdle, `{"type":"user.interrupt"}`)
	h.until(s, wire.TypeStatusIdle, userMessage("go on"))
	if got := h.shown(1); !slices.Equal(got, []string{interruptedText, "two of b", interruptedText, interruptedText, ""}) {
		t.Errorf("the model sees %q", got)
	}
	if len(h.hands.calls) != 0 {
		t.Error("what came after the interrupt ran")
	}
}

// An interrupt finds the second of two commands.
func TestInterruptOfTheSecondCommand(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	began := make(chan struct{})
	h.hands.run = func(ctx context.Context, c hands.Call) (hands.Result, error) {
		if strings.Contains(string(c.Input), "quick") {
			return said("quick"), nil
		}
		close(began)
		<-ctx.Done()
		return hands.Result{}, ctx.Err()
	}
	bash := func(command string) modeltest.Reply {
		return modeltest.ToolUse("bash", map[string]any{"command": command})
	}
	h.model.Queue(bash("quick").And(bash("slow")))
	h.send(s, userMessage("work"))
	<-began
	h.until(s, wire.TypeStatusIdle, `{"type":"user.interrupt"}`)
}

// What was answered before a restart stays, what was not is told of.
func TestRestartAmongCallsSideBySide(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", asking, allowing)
	g := h.gated("one", "two", "three")
	h.model.Queue(ofServer("b", "one").And(ofServer("b", "two")).And(ofServer("a", "three")), modeltest.Text("I look what came of it."))
	h.send(s, userMessage("look"))
	g.wait(2)
	sub := h.journal.Subscribe(s)
	close(g.open["two"])
	h.await(sub, wire.TypeAgentMCPToolResult)
	sub.Close()
	h.reopen(s)
	close(g.open["three"])
	h.until(s, wire.TypeStatusIdle, confirm(h.idOf(s, wire.TypeAgentMCPToolUse, 3), "allow"))
	got := h.shown(1)
	if len(got) != 3 || !strings.Contains(got[0], "The server restarted") || got[1] != "two of b" || got[2] != "three of a" {
		t.Errorf("the model sees %q", got)
	}
}
