package session

import (
	"fmt"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// maxEvents bounds the events of one request.
const maxEvents = 100

// State is what decides whether events are accepted.
type State struct {
	Terminated bool
	Parked     bool // the last idle is requires_action
	SelfHosted bool
	ThreadID   string      // the primary thread
	Calls      []OpenCall  // without a result, oldest first
	MidSystem  func() bool // the model takes system messages in mid-conversation
}

// OpenCall is a tool call without a result.
type OpenCall struct {
	ID      string
	Custom  bool
	Asks    bool // waits for a confirmation
	Decided bool // the confirmation has come
	Client  bool // waits for a result of the client
	Hosted  bool // the server runs it in every environment
}

func (c OpenCall) blocks() bool { return c.Asks && !c.Decided || c.Client }

// Accepted is what an accepted event does.
type Accepted struct {
	Type   string
	Event  any
	Queue  bool   // into the inbox; else into the log at once
	Closes string // the call that it answers
	Allows string // the call that it confirms
	Denies string // the call that it refuses
	Files  []FileRef
}

// Accept checks the events of one request in order against s, each in the
// state that the ones before it make (Managed Agents API: events §3). If one
// is refused, none is accepted. starts tells that an idle session is at work
// from now on.
func Accept(s State, events []wire.ClientEvent) (out []Accepted, starts bool, err error) {
	switch {
	case len(events) == 0:
		return nil, false, fault.At("events", "must not be empty")
	case len(events) > maxEvents:
		return nil, false, fault.At("events", "at most %d events", maxEvents)
	}
	s.Calls = append([]OpenCall(nil), s.Calls...)
	out = make([]Accepted, len(events))
	for i, e := range events {
		path := fmt.Sprintf("events[%d]", i)
		if s.Terminated {
			return nil, false, fault.At(path, "the session is archived or terminated and takes no more events")
		}
		a, err := s.accept(e.V, i, events)
		if err != nil {
			return nil, false, fault.Under(path, err)
		}
		for j := range a.Files {
			a.Files[j].Path = fault.Join(path, a.Files[j].Path)
		}
		out[i] = a
		starts = starts || a.Type == wire.TypeUserMessage
	}
	// An interrupt ends the wait (Parked is false then) and starts nothing.
	return out, starts || s.Parked && len(s.blocking()) == 0, nil
}

func (s *State) accept(event any, i int, all []wire.ClientEvent) (Accepted, error) {
	switch e := event.(type) {
	case *wire.UserMessage:
		if err := s.refuseParked(e.Type, i); err != nil {
			return Accepted{}, err
		}
		return checkUserMessage(e)
	case *wire.UserInterrupt:
		if e.SessionThreadID != nil && *e.SessionThreadID != s.ThreadID {
			return Accepted{}, fault.At("session_thread_id", "no thread `%s` in this session", *e.SessionThreadID)
		}
		s.Calls, s.Parked = nil, false
		return Accepted{Type: e.Type, Event: e, Queue: true}, nil
	case *wire.UserToolConfirmation:
		return s.confirmation(e)
	case *wire.UserCustomToolResult:
		e.SessionThreadID = nil
		return s.result(e.Type, "custom_tool_use_id", e.CustomToolUseID, e.Content, e, true)
	case *wire.UserToolResult:
		if !s.SelfHosted {
			return Accepted{}, fault.At("type", "`user.tool_result` is accepted only in sessions of self_hosted environments")
		}
		e.SessionThreadID = nil
		return s.result(e.Type, "tool_use_id", e.ToolUseID, e.Content, e, false)
	case *wire.SystemMessage:
		return s.systemMessage(e, i, all)
	case *wire.UserDefineOutcome:
		return Accepted{}, fault.At("type", "outcomes are not supported yet by this server")
	}
	return Accepted{}, fmt.Errorf("no rule for %T", event)
}

func checkUserMessage(e *wire.UserMessage) (Accepted, error) {
	if len(e.Content) == 0 {
		return Accepted{}, fault.At("content", "must not be empty")
	}
	if err := checkBlocks("content", e.Content, false); err != nil {
		return Accepted{}, err
	}
	return Accepted{Type: e.Type, Event: e, Queue: true, Files: fileIDs("content", e.Content)}, nil
}

// blocking is the ids of the calls that wait for the client.
func (s *State) blocking() (ids []string) {
	for _, c := range s.Calls {
		if c.blocks() {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// refuseParked refuses work while the session waits for the client.
func (s *State) refuseParked(typ string, i int) error {
	if !s.Parked {
		return nil
	}
	waiting := s.blocking()
	if len(waiting) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "Invalid %s event at events[%d]: waiting on responses to events [%s]; only `user.tool_confirmation`, `user.custom_tool_result`, `user.tool_result`, or `user.interrupt` may be sent",
		typ, i, strings.Join(waiting, ", "))
}

func (s *State) confirmation(e *wire.UserToolConfirmation) (Accepted, error) {
	switch {
	case e.Result != "allow" && e.Result != "deny":
		return Accepted{}, fault.At("result", "must be `allow` or `deny`")
	case e.DenyMessage != nil && e.Result != "deny":
		return Accepted{}, fault.At("deny_message", "allowed only with a `result` of `deny`")
	}
	for i := range s.Calls {
		c := &s.Calls[i]
		if c.ID != e.ToolUseID || !c.Asks || c.Decided {
			continue
		}
		e.SessionThreadID = nil
		c.Decided = true
		a := Accepted{Type: e.Type, Event: e, Queue: true}
		if e.Result == "allow" {
			a.Allows = c.ID
			c.Client = s.SelfHosted && !c.Hosted
		} else {
			a.Denies = c.ID
		}
		return a, nil
	}
	return Accepted{}, notOpen("tool_use_id", e.ToolUseID)
}

func (s *State) result(typ, field, id string, content []wire.Block, event any, custom bool) (Accepted, error) {
	if err := checkBlocks("content", content, true); err != nil {
		return Accepted{}, err
	}
	for i, c := range s.Calls {
		if c.ID == id && c.Custom == custom && c.Client {
			s.Calls = append(s.Calls[:i:i], s.Calls[i+1:]...)
			return Accepted{Type: typ, Event: event, Closes: id, Files: fileIDs("content", content)}, nil
		}
	}
	return Accepted{}, notOpen(field, id)
}

func notOpen(field, id string) error {
	if id == "" {
		return fault.At(field, "field required")
	}
	return fault.At(field, "`%s` not found or already resolved", id)
}

func (s *State) systemMessage(e *wire.SystemMessage, i int, all []wire.ClientEvent) (Accepted, error) {
	switch {
	case len(e.Content) == 0 || len(e.Content) > maxSystemBlocks:
		return Accepted{}, fault.At("content", "must have 1 to %d blocks", maxSystemBlocks)
	case i != len(all)-1:
		return Accepted{}, fault.At("", "`system.message` must be the last event of a request")
	case i == 0:
		return Accepted{}, fault.At("", "`system.message` must directly follow a `user.message`, `user.tool_result` or `user.custom_tool_result` in the same request")
	}
	for j, t := range e.Content {
		if t == nil || t.Type != "text" || t.Text == "" {
			return Accepted{}, fault.At(fmt.Sprintf("content[%d]", j), "must be a `text` block that is not empty")
		}
	}
	switch all[i-1].V.(type) {
	case *wire.UserMessage, *wire.UserToolResult, *wire.UserCustomToolResult:
	default:
		return Accepted{}, fault.At("", "`system.message` must directly follow a `user.message`, `user.tool_result` or `user.custom_tool_result` in the same request")
	}
	if !s.MidSystem() {
		return Accepted{}, fault.At("", "the session's model does not support system messages in mid-conversation").
			WithCode("model_does_not_support_mid_conversation_system")
	}
	return Accepted{Type: e.Type, Event: e, Queue: true}, nil
}
