package brain

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/wire"
)

// What a sandbox lacks is in the log before the result of the call that met it,
// also where there is no other result.
func TestNotices(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	notices := []hands.Notice{
		{Kind: "unknown_error", Message: "pip: no such package"},
		{Kind: "repository_not_found_error", Message: "repository https://git.test/o/r: none", RepositoryURL: "https://git.test/o/r"},
	}
	h.hands.run = func(_ context.Context, call hands.Call) (hands.Result, error) {
		if call.Tool == "bash" {
			return hands.Result{Content: []raw{textBlock("ran")}, Notices: notices}, nil
		}
		return hands.Result{Notices: notices[:1]}, errors.New("no room")
	}
	h.model.Queue(
		modeltest.ToolUse("bash", map[string]any{"command": "ls"}).And(modeltest.ToolUse("read", map[string]any{"file_path": "a"})),
		modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.golden(s, "notices")
}

// A call says which run of the session it belongs to: what failed in one is
// tried again in the next.
func TestTurnsOfCalls(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins, weather)
	look := modeltest.ToolUse("bash", map[string]any{"command": "ls"})
	h.model.Queue(look, look.And(modeltest.ToolUse("read", map[string]any{"file_path": "a"})), modeltest.Text("Done."), look, modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.restart()
	h.until(s, wire.TypeStatusIdle, userMessage("again"))
	var turns []int64
	for _, c := range h.hands.calls {
		turns = append(turns, c.Turn)
	}
	if len(turns) != 4 || turns[0] == 0 || turns[1] != turns[0] || turns[2] != turns[0] || turns[3] <= turns[0] {
		t.Errorf("turns %v", turns)
	}
	if !slices.IsSorted(turns) {
		t.Error("they don't grow")
	}
}
