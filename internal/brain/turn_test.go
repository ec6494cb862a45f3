package brain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/wire"
)

// idOf is the id of the n-th event of a type in a session's log.
func (h *harness) idOf(session, typ string, n int) string {
	h.t.Helper()
	for _, e := range h.events(session) {
		if strings.Contains(e, `"type":"`+typ+`"`) {
			if n--; n == 0 {
				return e[len(`{"id":"`):strings.Index(e, `",`)]
			}
		}
	}
	h.t.Fatalf("no such %s in the log", typ)
	return ""
}

const weather = `{"type":"custom","name":"weather","description":"Tells the weather.","input_schema":{"type":"object"}}`

func customResult(id, text string) string {
	return fmt.Sprintf(`{"type":"user.custom_tool_result","custom_tool_use_id":%q,"content":[{"type":"text","text":%q}]}`, id, text)
}

func confirm(id, result string) string {
	return fmt.Sprintf(`{"type":"user.tool_confirmation","tool_use_id":%q,"result":%q}`, id, result)
}

func TestPlainTurn(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	h.model.Queue(modeltest.Text("Hello."), modeltest.Text("Again."))
	h.until(s, wire.TypeStatusIdle, userMessage("hi"))
	h.until(s, wire.TypeStatusIdle, userMessage("once more"))
	h.golden(s, "plain")
	row := h.row(s)
	if row.Status != wire.Idle || row.Usage.Input == 0 || row.Active == 0 {
		t.Errorf("row %+v", row)
	}
}

func TestToolTurn(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	h.model.Queue(
		modeltest.Thinking("let me look").And(modeltest.Text("I look.")).And(modeltest.ToolUse("bash", map[string]any{"command": "ls"})).
			And(modeltest.ToolUse("read", map[string]any{"file_path": "a"})).And(modeltest.ToolUse("nonesuch", map[string]any{})),
		modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.golden(s, "tools")
	if n := len(h.model.Requests()); n != 2 {
		t.Errorf("%d model requests", n)
	}
}

func TestParkedTurn(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins, weather)
	h.model.Queue(
		modeltest.ToolUse("weather", map[string]any{"city": "Ulm"}).And(modeltest.ToolUse("weather", map[string]any{"city": "Bonn"})),
		modeltest.Text("Rain in both."))
	h.until(s, wire.TypeStatusIdle, userMessage("weather?"))
	if row := h.row(s); !row.Parked || row.Status != wire.Idle {
		t.Errorf("row %+v", row)
	}
	if err := h.trySend(s, userMessage("hello?")); err == nil || !strings.Contains(err.Error(), "waiting on responses to events") {
		t.Errorf("a message to a parked session: %v", err)
	}
	h.until(s, wire.TypeStatusIdle, customResult(h.idOf(s, wire.TypeAgentCustomToolUse, 2), "rain"))
	h.until(s, wire.TypeStatusIdle, customResult(h.idOf(s, wire.TypeAgentCustomToolUse, 1), "rain too"))
	h.golden(s, "parked")
	if got := fmt.Sprint(h.model.Requests()[1].Results()); !strings.Contains(got, "rain too") {
		t.Errorf("results %s", got)
	}
}

func TestConfirmation(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", `{"type":"agent_toolset_20260401","default_config":{"permission_policy":{"type":"always_ask"}}}`)
	h.model.Queue(
		modeltest.ToolUse("bash", map[string]any{"command": "rm"}).And(modeltest.ToolUse("bash", map[string]any{"command": "ls"})),
		modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("clean"))
	h.until(s, wire.TypeStatusIdle,
		fmt.Sprintf(`{"type":"user.tool_confirmation","tool_use_id":%q,"result":"deny","deny_message":"not that"}`, h.idOf(s, wire.TypeAgentToolUse, 1)),
		confirm(h.idOf(s, wire.TypeAgentToolUse, 2), "allow"))
	h.golden(s, "confirmation")
	if len(h.hands.calls) != 1 || string(h.hands.calls[0].Input) != `{"command":"ls"}` {
		t.Errorf("calls %v", h.hands.calls)
	}
}

func TestSelfHosted(t *testing.T) {
	h := newHarness(t)
	s := h.session("self_hosted", builtins)
	h.model.Queue(modeltest.ToolUse("bash", map[string]any{"command": "ls"}), modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.until(s, wire.TypeStatusIdle, fmt.Sprintf(`{"type":"user.tool_result","tool_use_id":%q,"content":[{"type":"text","text":"a b"}]}`, h.idOf(s, wire.TypeAgentToolUse, 1)))
	h.golden(s, "self_hosted")
	if len(h.hands.calls) != 0 {
		t.Errorf("the server ran %v", h.hands.calls)
	}
}

func TestInterruptedRequest(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	hang := modeltest.NewHang()
	h.model.Queue(modeltest.Text("This takes for ever.").HangAt(2, hang), modeltest.Text("Quick."))
	h.until(s, wire.TypeModelRequestStart, userMessage("slow"))
	<-hang.Arrived()
	h.until(s, wire.TypeStatusIdle, `{"type":"user.interrupt"}`)
	<-hang.Gone()
	h.until(s, wire.TypeStatusIdle, userMessage("quick"))
	h.golden(s, "interrupted")
}

func TestInterruptedTool(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	started := make(chan struct{})
	h.hands.run = func(ctx context.Context, call hands.Call) (hands.Result, error) {
		close(started)
		<-ctx.Done()
		return hands.Result{}, ctx.Err()
	}
	h.model.Queue(modeltest.ToolUse("bash", map[string]any{"command": "sleep"}), modeltest.Text("Other things then."))
	h.send(s, userMessage("sleep"))
	<-started
	h.until(s, wire.TypeStatusIdle, `{"type":"user.interrupt"}`, userMessage("do something else"))
	h.until(s, wire.TypeStatusIdle)
	h.golden(s, "interrupted_tool")
}

func TestInterruptedPark(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", weather)
	h.model.Queue(modeltest.ToolUse("weather", map[string]any{}), modeltest.Text("As you like."))
	h.until(s, wire.TypeStatusIdle, userMessage("weather?"))
	use := h.idOf(s, wire.TypeAgentCustomToolUse, 1)
	h.until(s, wire.TypeStatusIdle, `{"type":"user.interrupt"}`)
	if err := h.trySend(s, customResult(use, "late")); err == nil {
		t.Error("a result of a voided call was accepted")
	}
	h.until(s, wire.TypeStatusIdle, userMessage("never mind"))
	h.golden(s, "interrupted_park")
}

func TestInterruptOfAnIdleSession(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud")
	h.until(s, wire.TypeUserInterrupt, `{"type":"user.interrupt"}`)
	if got := len(h.events(s)); got != 1 {
		t.Errorf("events %v", h.events(s))
	}
}

func TestFailedTurn(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud")
	h.model.Queue(
		modeltest.Error(529, "overloaded_error", "Overloaded"), modeltest.Text("Back again."),
		modeltest.Error(400, "invalid_request_error", "messages: too odd"))
	h.until(s, wire.TypeStatusIdle, userMessage("hi"))
	h.until(s, wire.TypeStatusIdle, userMessage("a novel"))
	h.golden(s, "failed")
}

func TestRetriesExhausted(t *testing.T) {
	h := newHarness(t, func(d *Deps) { d.MaxAttempts = 3 })
	s := h.session("cloud")
	h.model.Func(func(modeltest.Request) modeltest.Reply { return modeltest.Error(529, "overloaded_error", "Overloaded") })
	h.until(s, wire.TypeStatusIdle, userMessage("hi"))
	if n := len(h.model.Requests()); n != 3 {
		t.Errorf("%d attempts, want 3", n)
	}
	h.model.Func(func(modeltest.Request) modeltest.Reply { return modeltest.Text("Well again.") })
	h.until(s, wire.TypeStatusIdle, userMessage("and now?"))
	if last := h.model.Requests()[3].Last(); len(last.Content) != 2 {
		t.Errorf("the message of the dead turn is lost: %+v", last)
	}
}

func TestRefusal(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud")
	h.model.Queue(modeltest.Refusal("cyber", "no malware"), modeltest.Text("Sure."))
	h.until(s, wire.TypeStatusIdle, userMessage("evil"))
	h.until(s, wire.TypeStatusIdle, userMessage("nice"))
	h.golden(s, "refusal")
}

func TestPauseAndMaxTokens(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	h.model.Queue(modeltest.PauseTurn("One moment."), modeltest.MaxTokens("And then"), modeltest.CutOffToolUse("bash", `{"comm`), modeltest.Text("it was done."))
	h.until(s, wire.TypeStatusIdle, userMessage("go"))
	h.golden(s, "cut")
}

func TestQueuedMessages(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	hang := modeltest.NewHang()
	h.model.Queue(modeltest.Text("First.").HangAt(1, hang), modeltest.Text("The rest."))
	sub := h.journal.Subscribe(s)
	defer sub.Close()
	h.send(s, userMessage("one"))
	<-hang.Arrived()
	h.send(s, userMessage("two"))
	h.send(s, userMessage("three"))
	hang.Release()
	shown := 0
	for f := range sub.Frames() {
		if f.Type == wire.TypeUserMessage {
			shown++
		}
		if f.Type == wire.TypeStatusIdle {
			break
		}
	}
	if shown != 5 { // one, two and three queued, then two and three taken up
		t.Errorf("the stream showed %d user.message, want 5", shown)
	}
	h.golden(s, "queued")
}

func TestLostSandbox(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	h.hands.run = func(context.Context, hands.Call) (hands.Result, error) {
		return hands.Result{}, fmt.Errorf("killed: %w", hands.ErrLost)
	}
	h.model.Queue(modeltest.ToolUse("bash", map[string]any{"command": "boom"}), modeltest.Text("Oh."))
	h.until(s, wire.TypeStatusIdle, userMessage("boom"))
	if r := fmt.Sprint(h.model.Requests()[1].Results()); !strings.Contains(r, "sandbox was lost") {
		t.Errorf("results %s", r)
	}
	h.hands.run = func(context.Context, hands.Call) (hands.Result, error) {
		return hands.Result{}, errors.New("no space left")
	}
	h.model.Queue(modeltest.ToolUse("bash", map[string]any{"command": "boom"}), modeltest.Text("Oh."))
	h.until(s, wire.TypeStatusIdle, userMessage("again"))
}

func TestRoundLimit(t *testing.T) {
	h := newHarness(t, func(d *Deps) { d.MaxRounds = 3 })
	s := h.session("cloud", builtins)
	h.model.Func(func(modeltest.Request) modeltest.Reply {
		return modeltest.ToolUse("bash", map[string]any{"command": "again"})
	})
	h.until(s, wire.TypeStatusIdle, userMessage("loop"))
	log := strings.Join(h.events(s), "\n")
	if n := len(h.model.Requests()); n != 3 || !strings.Contains(log, "tool_use_limit_reached_error") || !strings.Contains(log, "retries_exhausted") {
		t.Errorf("%d requests, log\n%s", n, log)
	}
}

func TestFilesAndSystemMessages(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud")
	h.model.Queue(modeltest.Text("A dot."))
	h.until(s, wire.TypeStatusIdle,
		`{"type":"user.message","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"},"title":"T"}]}`,
		`{"type":"system.message","content":[{"type":"text","text":"Be brief."}]}`)
	if got := h.model.Requests()[0]; got.Last().Role != "system" {
		t.Errorf("the last message is of %s", got.Last().Role)
	}
}

func TestThinkingOfEarlierToolsIsLeftOut(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	h.model.Queue(modeltest.Thinking("hm").And(modeltest.Text("One.")), modeltest.Thinking("hm again").And(modeltest.Text("Two.")), modeltest.Text("Three."))
	h.until(s, wire.TypeStatusIdle, userMessage("one"))
	var p wire.UpdateSession
	if err := wire.Decode([]byte(`{"agent":{"tools":[`+weather+`]}}`), &p); err != nil {
		t.Fatal(err)
	}
	if _, err := h.life.Update(t.Context(), s, p); err != nil {
		t.Fatal(err)
	}
	h.until(s, wire.TypeStatusIdle, userMessage("two"))
	h.until(s, wire.TypeStatusIdle, userMessage("three"))
	second, third := string(h.model.Requests()[1].Raw), string(h.model.Requests()[2].Raw)
	if strings.Contains(second, `"thinking":"hm"`) || strings.Count(third, `"type":"thinking"`) != 1 {
		t.Errorf("requests after the update:\n%s\n%s", second, third)
	}
	if names := h.model.Requests()[1].ToolNames(); len(names) != 1 || names[0] != "weather" {
		t.Errorf("tools after the update: %v", names)
	}
}
