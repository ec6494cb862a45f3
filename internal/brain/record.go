package brain

import (
	"encoding/json"

	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// block is what the turn reads of an assistant content block.
type block struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	ID    string `json:"id"`
	Name  string `json:"name"`
	Input raw    `json:"input"`

	Signature string `json:"signature"` // of thinking
}

func readBlock(b raw) block {
	var v block
	if err := json.Unmarshal(b, &v); err != nil {
		return block{} // of a type that the turn doesn't know: it only goes back to the model
	}
	return v
}

func hasToolUse(content []raw) bool {
	for _, b := range content {
		if readBlock(b).Type == "tool_use" {
			return true
		}
	}
	return false
}

// record appends what a model request produced and ends its span. ids are the
// event ids that previews announced, by block.
func (st *step) record(resp *model.Response, ids map[int]string) error {
	st.s.Attempts = 0
	var content []raw
	var calls []journal.Draft
	var denied []string
	for i, b := range resp.Content {
		v := readBlock(b)
		if dropped(resp, i, v) {
			continue
		}
		content = append(content, b)
		switch v.Type {
		case "thinking", "redacted_thinking":
			d := bare(wire.TypeAgentThinking)
			d.ID = ids[i]
			if err := st.add(d); err != nil {
				return err
			}
		case "text":
			err := st.add(journal.Draft{ID: ids[i], Type: wire.TypeAgentMessage,
				Body: wire.AgentMessage{Type: wire.TypeAgentMessage, Content: []wire.Block{wire.Text(v.Text)}}})
			if err != nil {
				return err
			}
		case "tool_use":
			d, refusal := st.t.state.tools.use(v)
			calls = append(calls, d)
			denied = append(denied, refusal)
		}
	}
	if err := st.addAll(calls...); err != nil {
		return err
	}
	st.count(resp.Usage)
	answer := answerOf{Content: content, Paused: resp.StopReason == "pause_turn", Tools: st.t.state.tools.mark,
		Note: cutNote(resp), TooLong: resp.StopReason == model.WindowExceeded}
	if resp.StopReason == "refusal" {
		answer.Content = nil // it would make the model refuse again
	}
	if err := st.endSpan(false, usageOf(resp.Usage), wire.Encode(answer)); err != nil {
		return err
	}
	for i, c := range st.t.state.opened() {
		err := store.InsertCall(st.tx, st.s.ID, store.Call{EventID: c.event, ThreadID: st.s.ThreadID, Seq: st.s.LastSeq, Kind: c.kind, Awaits: c.awaits})
		if err != nil {
			return err
		}
		if denied[i] != "" {
			if err := st.closeCall(c, errorResult(denied[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropped tells what of an answer the Messages API would not take back: empty
// texts, tool calls that were refused, thinking that was cut off.
func dropped(resp *model.Response, i int, v block) bool {
	switch v.Type {
	case "text":
		return v.Text == ""
	case "tool_use":
		return resp.StopReason == "refusal"
	case "thinking":
		return resp.CutOff() && i == len(resp.Content)-1 && v.Signature == ""
	}
	return false
}

func usageOf(u model.Usage) wire.ModelUsage {
	return wire.ModelUsage{InputTokens: u.Input, OutputTokens: u.Output,
		CacheCreationInputTokens: u.CacheCreation, CacheReadInputTokens: u.CacheRead}
}

// count adds a request's tokens to the session's usage.
func (st *step) count(u model.Usage) {
	t := &st.s.Usage
	t.Input += u.Input
	t.Output += u.Output
	t.CacheRead += u.CacheRead
	t.Cache1h += u.CacheCreation1h
	t.Cache5m += u.CacheCreation - u.CacheCreation1h
}

// refused ends the turn of an answer that the model refused.
func (st *step) refused(resp *model.Response) (next, error) {
	details := &wire.StopDetails{Type: "refusal"}
	if resp.StopDetails != nil {
		var d struct {
			Category    *string `json:"category"`
			Explanation *string `json:"explanation"`
		}
		if err := json.Unmarshal(resp.StopDetails, &d); err == nil { // else the upstream's own form: no details
			details.Category, details.Explanation = d.Category, d.Explanation
		}
	}
	if err := st.idle(wire.StopReason{Type: wire.StopRefusal}, details); err != nil {
		return rest, err
	}
	return st.decide()
}
