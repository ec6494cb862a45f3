package brain

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/wire"
)

// window gives every model a context window, of which answers take an eighth
// at most.
func window(tokens int64) func(*Deps) {
	return func(d *Deps) { d.Window = func(string) (int64, int64) { return tokens, tokens / 8 } }
}

// wantsSummary tells whether a request is for a summary.
func wantsSummary(r modeltest.Request) bool {
	c := r.Last().Content
	return len(c) > 0 && strings.HasSuffix(c[len(c)-1].Text, summaryPrompt)
}

// isTranscript tells in which form it shows the conversation.
func isTranscript(r modeltest.Request) bool {
	return len(r.Messages) == 1 && strings.HasPrefix(r.Messages[0].Content[0].Text, "This is the transcript")
}

// summarizes answers requests for summaries with text, and others with the
// answers in turn.
func summarizes(summary string, answers ...modeltest.Reply) func(modeltest.Request) modeltest.Reply {
	return func(r modeltest.Request) modeltest.Reply {
		if wantsSummary(r) {
			return modeltest.Thinking("What matters?").And(modeltest.Text(summary))
		}
		a := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		return a
	}
}

func long(word string, bytes int) string { return strings.Repeat(word+" ", bytes/(len(word)+1)) }

func (h *harness) count(session, typ string) int {
	return strings.Count(strings.Join(h.events(session), "\n"), `"type":"`+typ+`"`)
}

// texts is the text of every message of the n-th request from the end.
func (h *harness) texts(n int) (out []string) {
	all := h.model.Requests()
	for _, m := range all[len(all)-n].Messages {
		out = append(out, m.Role+": "+m.Content.Text())
	}
	return out
}

// A conversation is compacted before it outgrows the model's window.
func TestCompaction(t *testing.T) {
	h := newHarness(t, window(4000))
	h.input.Store(4000)
	s := h.session("cloud")
	h.model.Func(summarizes("They count horses.", modeltest.Thinking("hm").And(modeltest.Text("One.")), modeltest.Thinking("mhm").And(modeltest.Text("Two.")), modeltest.Text("Three."), modeltest.Text("Four.")))
	h.until(s, wire.TypeStatusIdle, userMessage(long("one", 6000)))
	h.until(s, wire.TypeStatusIdle, userMessage(long("two", 3000)))
	h.until(s, wire.TypeStatusIdle, userMessage(long("three", 6000)))
	h.golden(s, "compacted")
	asked := h.model.Requests()[2]
	if !wantsSummary(asked) || isTranscript(asked) || len(asked.Messages) != 5 || strings.Contains(string(asked.Raw), "three") || *asked.MaxTokens != 500 ||
		strings.Count(string(asked.Raw), `"type":"thinking"`) != 2 {
		t.Errorf("the summary was asked for by %s", asked.Raw)
	}
	after := h.texts(1)
	if len(after) != 1 || !strings.Contains(after[0], "<summary>\nThey count horses.\n</summary>") || !strings.HasSuffix(after[0], long("three", 6000)) ||
		strings.Contains(after[0], "<message>") || strings.Contains(after[0], "two two") {
		t.Errorf("the model went on with %q", after)
	}
	h.until(s, wire.TypeStatusIdle, userMessage("four"))
	if n := h.count(s, wire.TypeThreadContextCompacted); n != 1 || len(h.model.TooLong()) != 0 {
		t.Errorf("compacted %d times, refused %d", n, len(h.model.TooLong()))
	}
	if row := h.row(s); row.Usage.Output == 0 || !strings.Contains(h.events(s)[0], "one one one") {
		t.Error("the log or the usage lacks something")
	}
}

// A request that the upstream refuses because of its length is made again
// after a compaction, and from then on the window is known.
func TestCompactionOfARefusedConversation(t *testing.T) {
	h := newHarness(t)
	h.input.Store(4000)
	s := h.session("cloud")
	h.model.Func(summarizes("They count horses.", modeltest.Thinking("hm").And(modeltest.Text("Well."))))
	for i := range 3 {
		h.until(s, wire.TypeStatusIdle, userMessage(long(fmt.Sprint("m", i), 6000)))
	}
	h.golden(s, "compacted_refused")
	requests := h.model.Requests()
	if asked := requests[len(requests)-2]; !isTranscript(asked) || !strings.Contains(asked.Messages[0].Content.Text(), "User: m0 m0") || len(asked.Tools) != 0 {
		t.Errorf("the summary was asked for by %s", asked.Raw)
	}
	for i := range 4 {
		h.until(s, wire.TypeStatusIdle, userMessage(long(fmt.Sprint("n", i), 6000)))
	}
	if n, refused := h.count(s, wire.TypeThreadContextCompacted), len(h.model.TooLong()); n < 2 || refused != 1 {
		t.Errorf("compacted %d times, refused %d", n, refused)
	}
}

// In the middle of a turn the results of tools are what is compacted; what the
// user and the operator said stays word for word.
func TestCompactionBetweenToolCalls(t *testing.T) {
	h := newHarness(t, window(12000))
	h.input.Store(12000)
	s := h.session("cloud", builtins)
	h.hands.run = func(_ context.Context, call hands.Call) (hands.Result, error) {
		return said(long("listing", 9000)), nil
	}
	ls := modeltest.Thinking("look").And(modeltest.ToolUse("bash", map[string]any{"command": "ls"}))
	h.model.Func(summarizes("Two directories were listed.", ls, ls, ls, ls, ls, modeltest.Text("Done.")))
	h.until(s, wire.TypeStatusIdle, userMessage("count all of it"), `{"type":"system.message","content":[{"type":"text","text":"Speak French."}]}`)
	if n := h.count(s, wire.TypeThreadContextCompacted); n == 0 || h.count(s, wire.TypeAgentToolResult) != 5 || len(h.model.TooLong()) != 0 {
		t.Errorf("compacted %d times, %d results, refused %d", n, h.count(s, wire.TypeAgentToolResult), len(h.model.TooLong()))
	}
	for _, r := range h.model.Requests() {
		first := r.Messages[0].Content.Text()
		if !strings.HasPrefix(first, "The conversation before") || wantsSummary(r) {
			continue
		}
		if !strings.Contains(first, "<message>\ncount all of it\n</message>") || strings.Contains(first, "listing listing") ||
			r.Messages[1].Role != "system" || r.Messages[1].Content.Text() != "Speak French." {
			t.Errorf("the model went on with %.3000s", r.Raw)
		}
		return
	}
	t.Error("the model never went on from a summary")
}

// A message that is too long by itself ends its turn. The next turn goes on
// without it.
func TestCompactionLimit(t *testing.T) {
	h := newHarness(t)
	h.input.Store(4000)
	s := h.session("cloud")
	h.model.Func(summarizes("Somebody said hello.", modeltest.Text("Well.")))
	h.until(s, wire.TypeStatusIdle, userMessage("hello"))
	h.until(s, wire.TypeStatusIdle, userMessage(long("novel", 30000)))
	h.golden(s, "compaction_limit")
	h.until(s, wire.TypeStatusIdle, userMessage("and now?"))
	if got := h.texts(1); len(got) != 1 || !strings.HasSuffix(got[0], "\nand now?") || h.count(s, wire.TypeAgentMessage) != 2 {
		t.Errorf("the model went on with %q", got)
	}
	if asked := h.texts(2)[0]; !strings.Contains(asked, "bytes left out") || !strings.Contains(asked, "Somebody said hello.") {
		t.Errorf("the summary was asked for by %s", asked)
	}
}

// A first message that is too long fails as the upstream says, and is shown to
// later turns as far as there is room.
func TestNothingToCompact(t *testing.T) {
	h := newHarness(t)
	h.input.Store(4000)
	s := h.session("cloud")
	h.model.Func(summarizes("A novel.", modeltest.Text("Well.")))
	h.until(s, wire.TypeStatusIdle, userMessage(long("novel", 30000)))
	if log := strings.Join(h.events(s), "\n"); !strings.Contains(log, `"type":"model_request_failed_error","message":"prompt is too long: `) || !strings.Contains(log, "retries_exhausted") {
		t.Error(log)
	}
	h.until(s, wire.TypeStatusIdle, userMessage("short"))
	if got := h.texts(1); len(got) != 1 || !strings.HasSuffix(got[0], "\nshort") || !strings.Contains(got[0], "A novel.") {
		t.Errorf("the model went on with %q", got)
	}
}

// Servers that count an answer's tokens to the prompt's refuse also short
// prompts if their window is smaller than it is said to be.
func TestTooMuchRoomForTheAnswer(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud")
	refusal := modeltest.Error(400, "invalid_request_error", "This model's maximum context length is 8192 tokens. However, you requested 64010 tokens (10 in the messages, 64000 in the completion).")
	h.model.Queue(refusal, modeltest.Text("Hello."))
	h.until(s, wire.TypeStatusIdle, userMessage("hello"))
	if got := *h.model.Requests()[1].MaxTokens; got != 4096 || h.count(s, wire.TypeAgentMessage) != 1 {
		t.Errorf("asked for %d tokens: %s", got, h.events(s))
	}
	h.restart()
	h.model.Queue(modeltest.Text("Again."))
	h.until(s, wire.TypeStatusIdle, userMessage("again"))
	if got := *h.model.Requests()[2].MaxTokens; got != 4096 {
		t.Errorf("asked for %d tokens after a restart", got)
	}
}

// A summary that doesn't come is asked for in another form, with less each
// time.
func TestSummariesThatFail(t *testing.T) {
	call := modeltest.ToolUse("bash", map[string]any{"command": "ls"})
	for name, c := range map[string]struct {
		failures  []modeltest.Reply
		compacted int
		asked     int    // for summaries
		last      string // event of the turn
	}{
		"a call instead":            {[]modeltest.Reply{call}, 1, 2, "end_turn"},
		"nothing":                   {[]modeltest.Reply{modeltest.Empty(), modeltest.Thinking("hm"), modeltest.Text(" ")}, 1, 4, "end_turn"},
		"refusals":                  {[]modeltest.Reply{modeltest.Refusal("cyber", "no")}, 1, 2, "end_turn"},
		"not taken":                 {[]modeltest.Reply{modeltest.Error(400, "invalid_request_error", "odd")}, 1, 2, "end_turn"},
		"too long, and again":       {[]modeltest.Reply{modeltest.Error(413, "", ""), modeltest.Error(400, "invalid_request_error", "prompt is too long")}, 1, 3, "end_turn"},
		"overloaded":                {[]modeltest.Reply{modeltest.Error(529, "overloaded_error", "x")}, 1, 2, "end_turn"},
		"never taken":               {[]modeltest.Reply{modeltest.Error(400, "invalid_request_error", "odd"), modeltest.Error(400, "invalid_request_error", "odd")}, 0, 2, "retries_exhausted"},
		"never":                     {slicesOf(modeltest.Empty(), 6), 0, 6, "end_turn"},
		"a summary that is cut off": {[]modeltest.Reply{modeltest.MaxTokens("And then")}, 1, 1, "end_turn"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, window(12000))
			s := h.session("cloud", builtins)
			asked, failures := 0, c.failures
			h.model.Func(func(r modeltest.Request) modeltest.Reply {
				if !wantsSummary(r) {
					return modeltest.Text("Well.")
				}
				if asked++; len(failures) == 0 {
					return modeltest.Text("Horses.")
				}
				f := failures[0]
				failures = failures[1:]
				return f
			})
			h.until(s, wire.TypeStatusIdle, userMessage(long("one", 30000)))
			h.until(s, wire.TypeStatusIdle, userMessage(long("two", 12000)))
			events := h.events(s)
			if n := h.count(s, wire.TypeThreadContextCompacted); n != c.compacted || asked != c.asked || !strings.Contains(events[len(events)-1], c.last) {
				t.Errorf("compacted %d times, asked %d times for summaries, %s", n, asked, events[len(events)-1])
			}
			h.checkInvariants(s)
		})
	}
}

func slicesOf(r modeltest.Reply, n int) (out []modeltest.Reply) {
	for range n {
		out = append(out, r)
	}
	return out
}

// A conversation that can't be summarized and that the upstream refuses ends
// its turn.
func TestNoSummaryAtAll(t *testing.T) {
	h := newHarness(t)
	h.input.Store(4000)
	s := h.session("cloud")
	h.model.Func(func(r modeltest.Request) modeltest.Reply {
		if wantsSummary(r) {
			return modeltest.Empty()
		}
		return modeltest.Text("Well.")
	})
	for i := range 3 {
		h.until(s, wire.TypeStatusIdle, userMessage(long(fmt.Sprint("m", i), 6000)))
	}
	log := h.events(s)
	if !strings.Contains(strings.Join(log, "\n"), "compaction_limit_reached_error") || !strings.Contains(log[len(log)-1], "retries_exhausted") {
		t.Error(strings.Join(log, "\n"))
	}
	sizes := []int64{}
	for _, r := range h.model.Requests() {
		if wantsSummary(r) {
			sizes = append(sizes, r.Tokens())
		}
	}
	if len(sizes) != maxSqueezes+1 || sizes[0] < 2*sizes[3] {
		t.Errorf("summaries were asked for with %d tokens", sizes)
	}
}
