package wire

import "github.com/go-json-experiment/json/jsontext"

// The types of events that tell the state of a session and its threads.
const (
	TypeStatusRunning     = "session.status_running"
	TypeStatusIdle        = "session.status_idle"
	TypeStatusRescheduled = "session.status_rescheduled"
	TypeStatusTerminated  = "session.status_terminated"
	TypeSessionUpdated    = "session.updated"
	TypeSessionUsage      = "session.usage"
	TypeSessionError      = "session.error"
	TypeSessionDeleted    = "session.deleted"
	TypeThreadCreated     = "session.thread_created"
	TypeThreadRunning     = "session.thread_status_running"
	TypeThreadIdle        = "session.thread_status_idle"
	TypeThreadRescheduled = "session.thread_status_rescheduled"
	TypeThreadTerminated  = "session.thread_status_terminated"
)

// EventTypes are the types that the list of events can be filtered by
// (Managed Agents API: events; the enum of the official SDKs).
var EventTypes = map[string]bool{
	TypeUserMessage: true, TypeUserInterrupt: true, TypeUserToolConfirmation: true, TypeUserCustomToolResult: true,
	TypeUserToolResult: true, TypeUserDefineOutcome: true, TypeSystemMessage: true,
	TypeAgentMessage: true, TypeAgentThinking: true, TypeAgentToolUse: true, TypeAgentToolResult: true,
	TypeAgentMCPToolUse: true, TypeAgentMCPToolResult: true, TypeAgentCustomToolUse: true,
	TypeThreadContextCompacted: true, "agent.thread_message_sent": true, "agent.thread_message_received": true,
	TypeModelRequestStart: true, TypeModelRequestEnd: true, "span.outcome_evaluation_start": true,
	"span.outcome_evaluation_ongoing": true, "span.outcome_evaluation_end": true,
	TypeStatusRunning: true, TypeStatusIdle: true, TypeStatusRescheduled: true, TypeStatusTerminated: true,
	TypeSessionUpdated: true, TypeSessionUsage: true, TypeSessionError: true,
	TypeThreadCreated: true, TypeThreadRunning: true, TypeThreadIdle: true, TypeThreadRescheduled: true, TypeThreadTerminated: true,
	"workflow_run.created": true, "workflow_run.status_running": true, "workflow_run.status_idle": true,
	"workflow_run.phase_started": true, "workflow_run.phase_ended": true, "workflow_run.error": true, "workflow_run.status_ended": true,
}

// The types of stop reasons.
const (
	StopEndTurn          = "end_turn"
	StopRequiresAction   = "requires_action"
	StopRetriesExhausted = "retries_exhausted"
	StopRefusal          = "refusal"
)

// StatusIdle is session.status_idle.
type StatusIdle struct {
	Type        string       `json:"type"`
	StopReason  StopReason   `json:"stop_reason"`
	StopDetails *StopDetails `json:"stop_details"`
}

// StopReason says why a session is idle.
type StopReason struct {
	Type     string   `json:"type"`
	EventIDs []string `json:"event_ids,omitzero"` // of requires_action, oldest first
}

// StopDetails tells more of a refusal.
type StopDetails struct {
	Type        string  `json:"type"` // refusal
	Category    *string `json:"category"`
	Explanation *string `json:"explanation"`
}

// ThreadStatus is session.thread_status_running, _rescheduled or _terminated.
type ThreadStatus struct {
	Type            string `json:"type"`
	SessionThreadID string `json:"session_thread_id"`
	AgentName       string `json:"agent_name"`
}

// ThreadIdle is session.thread_status_idle.
type ThreadIdle struct {
	Type            string       `json:"type"`
	SessionThreadID string       `json:"session_thread_id"`
	AgentName       string       `json:"agent_name"`
	StopReason      StopReason   `json:"stop_reason"`
	StopDetails     *StopDetails `json:"stop_details"`
}

// UsageEvent is session.usage.
type UsageEvent struct {
	Type   string         `json:"type"`
	Usage  SessionUsage   `json:"usage"`
	Budget jsontext.Value `json:"budget"` // null
}

// SessionError is session.error.
type SessionError struct {
	Type  string    `json:"type"`
	Error ErrorBody `json:"error"`
}

// ErrorBody tells what went wrong and whether the server tries again.
type ErrorBody struct {
	Type        string      `json:"type"`
	Message     string      `json:"message"`
	RetryStatus RetryStatus `json:"retry_status"`
	// RepositoryURL is there in errors of repositories.
	RepositoryURL *string `json:"repository_url,omitzero"`
	// MCPServerName is there in errors of MCP servers.
	MCPServerName *string `json:"mcp_server_name,omitzero"`
}

// RetryStatus is retrying, exhausted or terminal.
type RetryStatus struct {
	Type string `json:"type"`
}

// SessionUpdated is session.updated: only what changed.
type SessionUpdated struct {
	Type     string         `json:"type"`
	Agent    *SessionAgent  `json:"agent,omitzero"`
	Title    jsontext.Value `json:"title,omitzero"`     // string or null
	Metadata Metadata       `json:"metadata,omitempty"` // the whole bag; left out if it is empty now
}

// Preview frames of a stream (event deltas). They are never stored.
const (
	TypeEventStart = "event_start"
	TypeEventDelta = "event_delta"
)

// EventStart announces an event that is being made.
type EventStart struct {
	Type  string    `json:"type"`
	Event EventStub `json:"event"`
}

// EventStub names the event of a preview.
type EventStub struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// EventDelta is more text of an announced event.
type EventDelta struct {
	Type    string       `json:"type"`
	EventID string       `json:"event_id"`
	Delta   ContentDelta `json:"delta"`
}

// ContentDelta is text to be added to the block of an index.
type ContentDelta struct {
	Type    string `json:"type"` // content_delta
	Index   int    `json:"index"`
	Content Block  `json:"content"`
}
