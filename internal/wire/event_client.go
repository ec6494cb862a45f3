package wire

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The types of events that clients send.
const (
	TypeUserMessage          = "user.message"
	TypeUserInterrupt        = "user.interrupt"
	TypeUserToolConfirmation = "user.tool_confirmation"
	TypeUserCustomToolResult = "user.custom_tool_result"
	TypeUserToolResult       = "user.tool_result"
	TypeUserDefineOutcome    = "user.define_outcome"
	TypeSystemMessage        = "system.message"
)

// SendEvents is the body of POST /v1/sessions/{id}/events.
type SendEvents struct {
	Events []ClientEvent `json:"events"`
}

// SentEvents is its answer: the stored events in order.
type SentEvents struct {
	Data []jsontext.Value `json:"data"`
}

// ClientEvent is an event of a client: *UserMessage, *UserInterrupt,
// *UserToolConfirmation, *UserCustomToolResult, *UserToolResult,
// *UserDefineOutcome or *SystemMessage. The stored form is the same with id
// first and processed_at last.
type ClientEvent struct{ V any }

// UserMessage is input for the agent.
type UserMessage struct {
	Type    string  `json:"type"`
	Content []Block `json:"content"`
}

// UserInterrupt stops what the agent does.
type UserInterrupt struct {
	Type            string  `json:"type"`
	SessionThreadID *string `json:"session_thread_id,omitzero"`
}

// UserToolConfirmation allows or denies a call that asked.
type UserToolConfirmation struct {
	Type            string  `json:"type"`
	ToolUseID       string  `json:"tool_use_id"`
	Result          string  `json:"result"` // allow or deny
	DenyMessage     *string `json:"deny_message,omitzero"`
	SessionThreadID *string `json:"session_thread_id,omitzero"` // ignored
}

// UserCustomToolResult answers a custom tool call.
type UserCustomToolResult struct {
	Type            string  `json:"type"`
	CustomToolUseID string  `json:"custom_tool_use_id"`
	Content         []Block `json:"content,omitzero"`
	IsError         *bool   `json:"is_error,omitzero"`
	SessionThreadID *string `json:"session_thread_id,omitzero"` // ignored
}

// UserToolResult answers a built-in tool call of a self-hosted environment.
type UserToolResult struct {
	Type            string  `json:"type"`
	ToolUseID       string  `json:"tool_use_id"`
	Content         []Block `json:"content,omitzero"`
	IsError         *bool   `json:"is_error,omitzero"`
	SessionThreadID *string `json:"session_thread_id,omitzero"` // ignored
}

// UserDefineOutcome gives the agent a task and a rubric.
type UserDefineOutcome struct {
	Type          string         `json:"type"`
	Description   string         `json:"description"`
	Rubric        jsontext.Value `json:"rubric"`
	MaxIterations *int           `json:"max_iterations,omitzero"`
}

// SystemMessage is a system prompt in the middle of the conversation.
type SystemMessage struct {
	Type    string       `json:"type"`
	Content []*TextBlock `json:"content"`
}

const clientEventTypes = "`user.message`, `user.interrupt`, `user.tool_confirmation`, `user.custom_tool_result`, `user.tool_result`, `user.define_outcome`, `system.message`"

// NewClientEvent is an empty event of a client event type, or nil.
func NewClientEvent(typ string) any {
	switch typ {
	case TypeUserMessage:
		return new(UserMessage)
	case TypeUserInterrupt:
		return new(UserInterrupt)
	case TypeUserToolConfirmation:
		return new(UserToolConfirmation)
	case TypeUserCustomToolResult:
		return new(UserCustomToolResult)
	case TypeUserToolResult:
		return new(UserToolResult)
	case TypeUserDefineOutcome:
		return new(UserDefineOutcome)
	case TypeSystemMessage:
		return new(SystemMessage)
	}
	return nil
}

// UnmarshalJSONFrom decodes an event of any type a client may send.
func (e *ClientEvent) UnmarshalJSONFrom(dec *jsontext.Decoder) (err error) {
	e.V, err = DecodeUnion(dec, clientEventTypes, NewClientEvent)
	return err
}

// MarshalJSONTo encodes the event that e holds.
func (e ClientEvent) MarshalJSONTo(enc *jsontext.Encoder) error {
	return json.MarshalEncode(enc, e.V)
}
