package modeltest

import (
	"encoding/json"
	"regexp"
	"strings"
)

func checkRoles(req *Request, lim Limits) error {
	if len(req.Messages) == 0 {
		return invalid("messages: at least one message is required")
	}
	for i, m := range req.Messages {
		switch m.Role {
		case "user", "assistant":
		case "system":
			if !lim.System {
				return invalid("role 'system' is not supported on this model")
			}
		default:
			return invalid("messages.%d.role: Input should be 'user', 'assistant' or 'system'", i)
		}
		if i == 0 && m.Role != "user" {
			return invalid("messages: first message must use the \"user\" role")
		}
		if len(m.Content) == 0 {
			return invalid("messages.%d: all messages must have non-empty content", i)
		}
	}
	return nil
}

var toolID = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// checkPairs checks that every tool call is answered once, at once, and first.
func checkPairs(req *Request, _ Limits) error {
	used := map[string]bool{}
	var open []string // calls of the assistant turn before
	answered := map[string]bool{}
	inTurn, other := false, false // in a user turn; it has had something else than results
	from := 0                     // where the assistant turn began
	settle := func() error {
		var missing []string
		for _, id := range open {
			if !answered[id] {
				missing = append(missing, id)
			}
		}
		if len(missing) > 0 {
			return invalid("messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after: %s. Each `tool_use` block must have a corresponding `tool_result` block in the next message.", from, strings.Join(missing, ", "))
		}
		return nil
	}
	for i, m := range req.Messages {
		switch m.Role {
		case "assistant":
			if inTurn || i == 0 {
				if err := settle(); err != nil {
					return err
				}
				open, answered, inTurn = nil, map[string]bool{}, false
			}
			if len(open) == 0 {
				from = i
			}
		case "system":
			if !inTurn {
				if err := settle(); err != nil { // results must come before
					return err
				}
			}
			inTurn, other = true, true
		case "user":
			if !inTurn {
				inTurn, other = true, false
			}
		}
		for j, b := range m.Content {
			switch {
			case m.Role == "assistant" && b.Type == "tool_use":
				if used[b.ID] {
					return invalid("messages.%d.content.%d: `tool_use` ids must be unique", i, j)
				}
				used[b.ID] = true
				open = append(open, b.ID)
			case m.Role == "user" && b.Type == "tool_result":
				if other {
					return invalid("messages.%d.content.%d: `tool_result` blocks must come before all other content", i, j)
				}
				if !contains(open, b.ToolUseID) {
					return invalid("messages.%d.content.%d: unexpected `tool_use_id` found in `tool_result` blocks: %s. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.", i, j, b.ToolUseID)
				}
				if answered[b.ToolUseID] {
					return invalid("messages.%d.content.%d: each tool_use must have a single result. Found multiple `tool_result` blocks with id: %s", i, j, b.ToolUseID)
				}
				answered[b.ToolUseID] = true
			case m.Role == "user":
				other = true
			}
		}
	}
	if len(used) > 0 && len(req.Tools) == 0 {
		return invalid("Requests which have `tool_use` or `tool_result` blocks in their content must define tools.")
	}
	return settle()
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// checkMarks counts and checks cache breakpoints.
func checkMarks(req *Request, _ Limits) error {
	n := 0
	mark := func(raw json.RawMessage, where string) error {
		if len(raw) == 0 || string(raw) == "null" {
			return nil
		}
		n++
		var c struct{ Type, TTL string }
		if json.Unmarshal(raw, &c) != nil || c.Type != "ephemeral" {
			return invalid("%s.cache_control.type: Input should be 'ephemeral'", where)
		}
		if c.TTL != "" && c.TTL != "5m" && c.TTL != "1h" {
			return invalid("%s.cache_control.ttl: Input should be '5m' or '1h'", where)
		}
		return nil
	}
	for _, t := range req.Tools {
		if err := mark(t.CacheControl, "tools"); err != nil {
			return err
		}
	}
	for _, b := range req.System {
		if err := mark(b.CacheControl, "system"); err != nil {
			return err
		}
	}
	for _, p := range req.flatten(len(req.Messages)) {
		if err := mark(p.block.CacheControl, p.where()); err != nil {
			return err
		}
		var nested Content
		if p.block.Type == "tool_result" && json.Unmarshal(orNull(p.block.Content), &nested) == nil {
			for _, b := range nested {
				if err := mark(b.CacheControl, p.where()); err != nil {
					return err
				}
			}
		}
	}
	if n > 4 {
		return invalid("A maximum of 4 blocks with cache_control may be provided. Found %d.", n)
	}
	return nil
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}
