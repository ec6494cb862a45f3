package brain

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/wire"
)

// An answer that was cut off is gone on with; calls that are whole are run.
func TestCutOffAnswers(t *testing.T) {
	bash := modeltest.ToolUse("bash", map[string]any{"command": "ls"})
	half := modeltest.CutOffToolUse("bash", `{"comm`)
	for name, c := range map[string]struct {
		answer   modeltest.Reply
		messages int // of the next request
		blocks   int // of its last message
		ran      int
	}{
		"text":                 {modeltest.MaxTokens("And so"), 3, 1, 0},
		"text and a call":      {modeltest.Text("I look.").And(half), 3, 1, 0},
		"a call alone":         {half, 1, 2, 0},
		"a call after another": {modeltest.Thinking("hm").And(bash).And(half), 3, 2, 1},
		"a call that is whole": {modeltest.Text("I look.").And(bash).Stop("max_tokens"), 3, 2, 1},
		"thinking":             {modeltest.Thinking("hm").Stop("max_tokens"), 3, 1, 0},
		"thinking not signed":  {modeltest.Raw(`{"type":"thinking","thinking":"hm"}`).Stop("max_tokens"), 1, 2, 0},
		"nothing":              {modeltest.Empty().Stop("max_tokens"), 1, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			s := h.session("cloud", builtins)
			h.model.Queue(c.answer, modeltest.Text("Done."))
			h.until(s, wire.TypeStatusIdle, userMessage("go"))
			r := h.model.Requests()[1]
			last := r.Last().Content
			if len(r.Messages) != c.messages || len(last) != c.blocks || last[len(last)-1].Text != cutText || len(h.hands.calls) != c.ran {
				t.Errorf("%d calls ran, the next request has %s", len(h.hands.calls), messagesOf(t, r.Raw))
			}
			if log := h.events(s); !strings.Contains(log[len(log)-1], wire.StopEndTurn) {
				t.Error(log[len(log)-1])
			}
		})
	}
}

// A model that is cut off again and again ends the turn with an error; one that
// gets through now and then does not.
func TestCutOffTooOften(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	half := modeltest.CutOffToolUse("bash", `{"comm`)
	h.model.Queue(half, half, half, modeltest.ToolUse("bash", map[string]any{"command": "ls"}), half, half, half, half, modeltest.Text("Well."))
	h.until(s, wire.TypeStatusIdle, userMessage("go"))
	h.golden(s, "cut_too_often")
	if n := h.model.Left(); n != 1 {
		t.Errorf("%d answers are left", n)
	}
	h.until(s, wire.TypeStatusIdle, userMessage("shorter"))
	if h.count(s, wire.TypeAgentMessage) != 1 {
		t.Error("the next turn got nowhere")
	}
}

// An answer that fills the context window is followed by a compaction.
func TestWindowExceeded(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud")
	h.model.Func(summarizes("They write a novel.", modeltest.Text("And so").Stop(model.WindowExceeded), modeltest.Text("The end.")))
	h.until(s, wire.TypeStatusIdle, userMessage("a novel"))
	got := h.texts(1)
	if len(got) != 1 || !strings.Contains(got[0], "They write a novel.") || !strings.Contains(got[0], "<message>\na novel\n</message>") || h.count(s, wire.TypeThreadContextCompacted) != 1 {
		t.Errorf("the model went on with %q", got)
	}
	if asked := h.texts(2)[0]; !strings.Contains(asked, "You: And so") {
		t.Errorf("the summary was asked for by %s", asked)
	}
}

// One that leaves no room for a first word ends the turn.
func TestWindowExceededAtOnce(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud")
	h.model.Queue(modeltest.Empty().Stop(model.WindowExceeded))
	h.until(s, wire.TypeStatusIdle, userMessage("a novel"))
	if log := strings.Join(h.events(s), "\n"); !strings.Contains(log, "nothing in it to compact") || !strings.Contains(log, string(model.KindRequestFailed)) {
		t.Error(log)
	}
}

// Failed requests are no rounds of tools.
func TestRoundsAreAnswers(t *testing.T) {
	h := newHarness(t, func(d *Deps) { d.MaxRounds = 2 })
	s := h.session("cloud", builtins)
	busy := modeltest.Error(529, "overloaded_error", "Overloaded")
	h.model.Queue(busy, busy, modeltest.ToolUse("bash", map[string]any{"command": "ls"}), busy, modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("go"))
	if log := h.events(s); !strings.Contains(log[len(log)-1], wire.StopEndTurn) {
		t.Error(strings.Join(log, "\n"))
	}
}
