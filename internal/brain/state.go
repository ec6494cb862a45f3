package brain

import (
	"encoding/json"
	"fmt"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/web"
	"github.com/ostlerdev/ostler/internal/wire"
)

// state is the projection of a session's log on what a turn needs: the
// conversation as the model sees it and what is open.
type state struct {
	seq      int64
	messages []model.Message
	calls    []*call // of the newest assistant message
	due      bool    // the model owes an answer
	span     string  // the open model request's start event, or ""
	rounds   int     // answers of the model since the last message of the client
	cuts     int     // answers in a row that were cut off
	note     raw     // what the model is told behind the results of its calls, or nil
	status   string  // as the log says
	turn     int64   // seq of the newest session.status_running
	parkedOn int     // how many calls the last idle named
	retryAt  int64   // microseconds; of the session's row
	files    bool    // messages may hold sources of type file
	bound    string  // the mark of the tools that the last answer was made with

	agent      wire.SessionAgent
	selfHosted bool
	tools      toolbox
	web        []model.Tool // that there are for the agent's model
	catalog    catalog      // of the MCP servers' tools
	unlisted   bool         // a turn began and the servers were not asked yet
	briefs     []string

	space
}

// call is a tool call of the newest assistant message.
type call struct {
	event  string // its use event
	id     string // the model's id of it
	kind   string // store.CallTool, …
	server string // of an MCP tool
	name   string
	input  raw
	awaits string // store.AwaitsServer, …
	result raw    // the tool_result block; nil while open
}

func (c *call) open() bool { return c.result == nil }

func newState() *state { return &state{status: wire.Idle} }

// configure takes over the session's agent, whose tools an update may have
// changed; web are the web tools that there are for a model. It tells whether
// there was anything to take over.
func (s *state) configure(doc *store.SessionDoc, web func(model string) []model.Tool) bool {
	if s.tools.made && s.agent.ID != "" && sameTools(&s.agent, &doc.Agent) {
		return false
	}
	s.agent = doc.Agent
	s.selfHosted = doc.Environment == "self_hosted"
	s.web = web(doc.Agent.Model.ID)
	s.equip()
	return true
}

// equip makes the toolbox of what is known.
func (s *state) equip() {
	s.tools = newToolbox(&s.agent, s.selfHosted, s.web, s.catalog)
	s.bind(s.tools.mark)
}

// callOf is the private part of a tool use event.
type callOf struct {
	ID     string `json:"id"`
	Awaits string `json:"awaits"`
}

// answerOf is the private part of a model request's end.
type answerOf struct {
	Content []raw `json:"content"`
	Paused  bool  `json:"paused,omitempty"` // stop reason pause_turn
	// Tools is the mark of the tools that were offered.
	Tools string `json:"tools,omitempty"`
	// Note tells the model that its answer was cut off.
	Note raw `json:"note,omitempty"`

	// TooLong says that there was no room for an answer, or for the rest of one,
	// Squeeze that a request for a summary led to none. Limit is how many tokens
	// there may be, as far as is known.
	TooLong bool  `json:"too_long,omitempty"`
	Squeeze bool  `json:"squeeze,omitempty"`
	Limit   int64 `json:"limit,omitempty"`
}

// apply brings the state forward by one event of the log.
func (s *state) apply(e store.Event) error {
	s.seq = e.Seq
	switch e.Type {
	case wire.TypeUserMessage:
		s.rounds = 0
		return s.addContent("user", e)
	case wire.TypeSystemMessage:
		return s.addContent("system", e)
	case wire.TypeModelRequestStart:
		s.span = e.ID
		s.calls, s.note = nil, nil
		return s.begin(e)
	case wire.TypeModelRequestEnd:
		return s.endRequest(e)
	case wire.TypeThreadContextCompacted:
		var c compactionOf
		if err := decodePrivate(e, &c); err != nil {
			return err
		}
		s.shrink(c)
	case wire.TypeAgentToolUse, wire.TypeAgentMCPToolUse, wire.TypeAgentCustomToolUse:
		return s.addCall(e)
	case wire.TypeAgentToolResult, wire.TypeAgentMCPToolResult, wire.TypeUserCustomToolResult, wire.TypeUserToolResult:
		return s.addResult(e)
	case wire.TypeUserToolConfirmation:
		return s.confirm(e)
	case wire.TypeUserInterrupt:
		for _, c := range s.calls {
			if c.open() {
				c.result = toolResult(c.id, []raw{textBlock(interruptedText)}, true)
			}
		}
		s.flushResults()
		s.due = false
	case wire.TypeSessionUpdated:
		return s.updated(e)
	case wire.TypeStatusRunning:
		s.unlisted = s.unlisted || s.status == wire.Idle && s.parkedOn == 0
		s.status, s.parkedOn, s.turn = wire.Running, 0, e.Seq
	case wire.TypeStatusRescheduled:
		s.status = wire.Rescheduling
	case wire.TypeStatusIdle:
		return s.idle(e)
	}
	return nil
}

func decode(e store.Event, v any) error {
	if err := json.Unmarshal(e.Data, v); err != nil {
		return fmt.Errorf("event %s of the log: %w", e.ID, err)
	}
	return nil
}

func decodePrivate(e store.Event, v any) error {
	if err := json.Unmarshal(e.Private, v); err != nil {
		return fmt.Errorf("private part of event %s of the log: %w", e.ID, err)
	}
	return nil
}

func (s *state) addContent(role string, e store.Event) error {
	var m struct{ Content []raw }
	if err := decode(e, &m); err != nil {
		return err
	}
	if role == "user" {
		s.hear(m.Content)
	}
	s.append(role, m.Content)
	s.files = true
	s.due = true
	return nil
}

// append adds blocks to the conversation. Consecutive blocks of the user are
// one message.
func (s *state) append(role string, blocks []raw) {
	if n := len(s.messages); n > 0 && role == "user" && s.messages[n-1].Role == role {
		last := &s.messages[n-1]
		last.Content = append(last.Content[:len(last.Content):len(last.Content)], blocks...)
		return
	}
	s.messages = append(s.messages, model.Message{Role: role, Content: blocks})
}

func (s *state) endRequest(e store.Event) error {
	s.span = ""
	if e.Private == nil { // failed or interrupted
		s.calls = nil
		return nil
	}
	var a answerOf
	if err := decodePrivate(e, &a); err != nil {
		return err
	}
	if s.outgrew(a); len(a.Content) == 0 && (a.TooLong || a.Squeeze || a.Limit > 0) {
		return nil
	}
	var public struct {
		Usage wire.ModelUsage `json:"model_usage"`
	}
	if err := decode(e, &public); err != nil {
		return err
	}
	s.rounds++
	s.bind(a.Tools)
	if len(a.Content) > 0 {
		s.append("assistant", a.Content)
	}
	if says(a.Content) {
		s.compactions = 0
	}
	s.measure(public.Usage)
	s.due = a.Paused
	s.cut(a.Note)
	s.settled()
	return nil
}

func (s *state) addCall(e store.Event) error {
	var public struct {
		Name   string `json:"name"`
		Input  raw    `json:"input"`
		Server string `json:"mcp_server_name"`
	}
	var private callOf
	if err := decode(e, &public); err != nil {
		return err
	}
	if err := decodePrivate(e, &private); err != nil {
		return err
	}
	kind := map[string]string{wire.TypeAgentToolUse: store.CallTool, wire.TypeAgentMCPToolUse: store.CallMCP, wire.TypeAgentCustomToolUse: store.CallCustom}[e.Type]
	if kind == store.CallTool && web.Is(public.Name) {
		kind = store.CallWeb
	}
	s.calls = append(s.calls, &call{event: e.ID, id: private.ID, kind: kind, server: public.Server, name: public.Name, input: public.Input, awaits: private.Awaits})
	return nil
}

func (s *state) addResult(e store.Event) error {
	var r struct {
		ToolUseID       string `json:"tool_use_id"`
		CustomToolUseID string `json:"custom_tool_use_id"`
		MCPToolUseID    string `json:"mcp_tool_use_id"`
		Content         []raw  `json:"content"`
		IsError         bool   `json:"is_error"`
	}
	if err := decode(e, &r); err != nil {
		return err
	}
	for _, c := range s.calls {
		if (c.event == r.ToolUseID || c.event == r.CustomToolUseID || c.event == r.MCPToolUseID) && c.open() {
			c.result = toolResult(c.id, r.Content, r.IsError)
			s.files = s.files || e.Type == wire.TypeUserCustomToolResult || e.Type == wire.TypeUserToolResult
			s.flushResults()
			return nil
		}
	}
	return nil // closed before, by an interrupt
}

// confirm makes an allowed call one that is run. A denied one gets its result
// next.
func (s *state) confirm(e store.Event) error {
	var m wire.UserToolConfirmation
	if err := decode(e, &m); err != nil {
		return err
	}
	if c := s.findCall(m.ToolUseID); c != nil && m.Result == "allow" {
		c.awaits = s.runner(c.kind)
	}
	return nil
}

// runner says who runs an allowed call: the client runs the built-in tools of
// self-hosted environments.
func (s *state) runner(kind string) string {
	if s.selfHosted && kind == store.CallTool {
		return store.AwaitsResult
	}
	return store.AwaitsServer
}

// flushResults gives the model the results once every call has one.
func (s *state) flushResults() {
	if len(s.calls) == 0 || len(s.opened()) > 0 {
		return
	}
	blocks := make([]raw, len(s.calls))
	for i, c := range s.calls {
		blocks[i] = c.result
	}
	if s.note != nil {
		blocks = append(blocks, s.note)
	}
	s.append("user", blocks)
	s.calls, s.note = nil, nil
	s.due = true
	s.settled()
}

// opened is the calls without a result, oldest first.
func (s *state) opened() (out []*call) {
	for _, c := range s.calls {
		if c.open() {
			out = append(out, c)
		}
	}
	return out
}

// findCall is the open call of a use event, or nil.
func (s *state) findCall(event string) *call {
	for _, c := range s.calls {
		if c.event == event && c.open() {
			return c
		}
	}
	return nil
}

func (s *state) idle(e store.Event) error {
	var m struct {
		StopReason wire.StopReason `json:"stop_reason"`
	}
	if err := decode(e, &m); err != nil {
		return err
	}
	s.status, s.parkedOn = wire.Idle, len(m.StopReason.EventIDs)
	if m.StopReason.Type != wire.StopRequiresAction {
		s.due, s.resume = false, true
		s.settled()
	}
	return nil
}

const interruptedText = "Tool execution was interrupted before completion. Please retry."

func textBlock(text string) raw { return wire.Encode(wire.TextBlock{Type: "text", Text: text}) }

// toolResult makes the tool_result block of the Messages API. What it refuses
// in one is put right or left out.
func toolResult(id string, content []raw, isError bool) raw {
	kept := make([]raw, 0, len(content))
	for _, c := range content {
		if c = forModel(c, isError); c != nil {
			kept = append(kept, c)
		}
	}
	return wire.Encode(struct {
		Type      string `json:"type"`
		ToolUseID string `json:"tool_use_id"`
		Content   []raw  `json:"content,omitempty"`
		IsError   bool   `json:"is_error,omitempty"`
	}{"tool_result", id, kept, isError})
}
