package demo

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/ostlerdev/ostler/internal/model"
)

// view is what the planner sees of a request.
type view struct {
	task   string // text of the last message a person wrote
	turn   int    // how many such messages there were, from 1
	calls  []done // calls since that message, in order
	tools  map[string]model.Tool
	custom []model.Tool // tools that nobody but the agent's author knows
	model  string
}

// done is a call with its result.
type done struct {
	name    string
	input   json.RawMessage
	result  string
	failed  bool
	settled bool // the result is there
}

var builtin = []string{"bash", "read", "write", "edit", "glob", "grep", "web_fetch", "web_search"}

// block is what the planner reads of a content block.
type block struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
	ToolUseID string          `json:"tool_use_id"`
	Content   json.RawMessage `json:"content"`
	IsError   bool            `json:"is_error"`
}

// read takes a request apart. Blocks it can't read it doesn't see.
func read(req *model.Request) view {
	v := view{tools: map[string]model.Tool{}, model: req.Model}
	for _, t := range req.Tools {
		v.tools[t.Name] = t
		if !slices.Contains(builtin, t.Name) && !strings.HasPrefix(t.Name, "mcp__") {
			v.custom = append(v.custom, t)
		}
	}
	var at map[string]int
	for _, m := range req.Messages {
		var said []string
		answers := false
		for _, raw := range m.Content {
			var b block
			if json.Unmarshal(raw, &b) != nil {
				continue
			}
			switch {
			case m.Role == "user" && b.Type == "text":
				said = append(said, b.Text)
			case m.Role == "user" && b.Type == "tool_result":
				answers = true
				if i, ok := at[b.ToolUseID]; ok {
					v.calls[i].result, v.calls[i].failed, v.calls[i].settled = resultText(b.Content), b.IsError, true
				}
			case m.Role == "assistant" && b.Type == "tool_use":
				if at == nil {
					at = map[string]int{}
				}
				at[b.ID] = len(v.calls)
				v.calls = append(v.calls, done{name: b.Name, input: b.Input})
			}
		}
		if len(said) > 0 && (!answers || !v.pending()) {
			v.task = strings.TrimSpace(strings.Join(said, "\n"))
			v.turn++
			v.calls, at = nil, nil
		}
	}
	return v
}

// pending reports whether work of the current task is under way: text that
// comes with its results is a remark, not a new task.
func (v *view) pending() bool { return len(v.calls) > 0 }

func resultText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var blocks []block
	if json.Unmarshal(raw, &blocks) != nil {
		return ""
	}
	var out []string
	for _, b := range blocks {
		if b.Type == "text" {
			out = append(out, b.Text)
		}
	}
	return strings.Join(out, "\n")
}

func (v *view) has(tool string) bool {
	_, ok := v.tools[tool]
	return ok
}

// call finds the first call of a tool whose input mentions a word.
func (v *view) call(name, mention string) *done {
	for i := range v.calls {
		if c := &v.calls[i]; c.name == name && strings.Contains(string(c.input), mention) {
			return c
		}
	}
	return nil
}

// ok reports whether a call was made and went well.
func (d *done) ok() bool { return d != nil && d.settled && !d.failed }
