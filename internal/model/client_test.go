package model_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

var bash = model.Tool{Name: "bash", Description: "Run a command", InputSchema: json.RawMessage(`{"type":"object","properties":{"command":{"type":"string"}}}`)}

// A tool loop as a turn drives it: thinking, call, result, answer. The double
// checks signatures and pairs; BindThinking that nothing before them changed.
func TestToolLoop(t *testing.T) {
	d := modeltest.New(t, modeltest.BindThinking(), modeltest.WithKey("sk-test-key"))
	d.Queue(
		modeltest.Thinking("a listing “will” do\n").And(modeltest.Text("Let me look.")).And(modeltest.ToolUseID("toolu_1", "bash", map[string]any{"command": "ls <&>"})),
		modeltest.RedactedThinking().And(modeltest.Text("Three files.")),
		modeltest.Text("Bye."),
	)
	table := newTable(t, d)
	req := model.Request{
		Model: opus, Effort: "high", System: "Be brief.", Tools: []model.Tool{bash},
		Messages: []model.Message{user(text("list"))},
	}

	res, got := stream(t, table, req)
	if res.StopReason != "tool_use" || len(res.Content) != 3 {
		t.Fatalf("stop %q, content %s", res.StopReason, asJSON(t, res.Content))
	}
	if want := `{"type":"tool_use","id":"toolu_1","name":"bash","input":{"command":"ls \u003c\u0026\u003e"}}`; !sameJSON(t, want, string(res.Content[2])) {
		t.Errorf("tool_use came as %s", res.Content[2])
	}
	if got.text() != "Let me look." {
		t.Errorf("sink got %q", got.text())
	}
	var starts []model.Delta
	for _, d := range got.deltas {
		if d.Start {
			starts = append(starts, d)
		}
	}
	if diff := cmp.Diff([]model.Delta{{Index: 0, Type: "thinking", Start: true}, {Index: 1, Type: "text", Start: true}, {Index: 2, Type: "tool_use", Start: true}}, starts); diff != "" {
		t.Error(diff)
	}

	req.Messages = append(req.Messages,
		model.Message{Role: "assistant", Content: res.Content},
		user(json.RawMessage(`{"type":"tool_result","tool_use_id":"toolu_1","content":"a b c"}`)))
	res, _ = stream(t, table, req)
	if res.StopReason != "end_turn" || len(res.Content) != 2 {
		t.Fatalf("stop %q, content %s", res.StopReason, asJSON(t, res.Content))
	}
	if res.Usage.CacheRead == 0 {
		t.Error("the second request read nothing from the cache")
	}

	req.Messages = append(req.Messages, model.Message{Role: "assistant", Content: res.Content}, user(text("thanks")))
	res, _ = stream(t, table, req)
	if want := asJSON(t, []json.RawMessage{text("Bye.")}); !sameJSON(t, want, asJSON(t, res.Content)) {
		t.Errorf("content %s", asJSON(t, res.Content))
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	return cmp.Equal(x, y)
}
