package brain

import (
	"encoding/json"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// result is the outcome of a tool call.
type result = hands.Result

func errorResult(text string) result {
	return result{Content: []json.RawMessage{textBlock(text)}, IsError: true}
}

// closeCall records the result of a call that the server answers. A custom
// call has no result event of the server; an interrupt closes it silently.
func (st *step) closeCall(c *call, r result) error {
	if err := store.CloseCall(st.tx, st.s.ID, c.event); err != nil {
		return err
	}
	content := make([]wire.Block, len(r.Content))
	for i, b := range r.Content {
		content[i] = wire.Block{V: wire.RawBlock(b)}
	}
	switch c.kind {
	case store.CallTool, store.CallWeb:
		return st.add(journal.Draft{Type: wire.TypeAgentToolResult,
			Body: wire.AgentToolResult{Type: wire.TypeAgentToolResult, ToolUseID: c.event, Content: content, IsError: r.IsError}})
	case store.CallMCP:
		return st.add(journal.Draft{Type: wire.TypeAgentMCPToolResult,
			Body: wire.AgentMCPToolResult{Type: wire.TypeAgentMCPToolResult, MCPToolUseID: c.event, Content: content, IsError: r.IsError}})
	}
	return nil
}

const deniedText = "The user denied this tool call."

// confirmations applies queued confirmations and returns the rest of the
// inbox.
func (st *step) confirmations(inbox []store.Queued) ([]store.Queued, error) {
	kept := inbox[:0]
	for _, q := range inbox {
		if q.Type != wire.TypeUserToolConfirmation {
			kept = append(kept, q)
			continue
		}
		var m wire.UserToolConfirmation
		if err := json.Unmarshal(q.Data, &m); err != nil {
			return nil, err
		}
		c := st.t.state.findCall(m.ToolUseID)
		if err := st.take(q); err != nil {
			return nil, err
		}
		if c == nil { // an interrupt came first
			continue
		}
		if m.Result == "allow" {
			if err := store.SetCallAwaits(st.tx, st.s.ID, c.event, c.awaits); err != nil {
				return nil, err
			}
			continue
		}
		text := deniedText
		if m.DenyMessage != nil && *m.DenyMessage != "" {
			text = *m.DenyMessage
		}
		if err := st.closeCall(c, errorResult(text)); err != nil {
			return nil, err
		}
	}
	return kept, nil
}
