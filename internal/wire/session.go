package wire

import "github.com/go-json-experiment/json/jsontext"

// The states of a session or thread.
const (
	Idle         = "idle"
	Running      = "running"
	Rescheduling = "rescheduling"
	Terminated   = "terminated"
)

// CreateSession is the body of POST /v1/sessions.
type CreateSession struct {
	Agent         Opt[SessionAgentParam] `json:"agent"`
	EnvironmentID string                 `json:"environment_id"`
	Title         Opt[string]            `json:"title"`
	Metadata      MetadataPatch          `json:"metadata"`
	Resources     []ResourceParams       `json:"resources"`
	VaultIDs      []string               `json:"vault_ids"`
	InitialEvents []ClientEvent          `json:"initial_events"`
	Budget        Opt[jsontext.Value]    `json:"budget"`
}

// UpdateSession is the body of POST /v1/sessions/{id}.
type UpdateSession struct {
	Title    Opt[string]             `json:"title"`
	Metadata Opt[MetadataPatch]      `json:"metadata"`
	Agent    Opt[SessionAgentUpdate] `json:"agent"`
	Budget   Opt[jsontext.Value]     `json:"budget"`
	VaultIDs Opt[jsontext.Value]     `json:"vault_ids"`
}

// Session is one conversation of an agent in an environment.
type Session struct {
	ID                 string           `json:"id"`
	Type               string           `json:"type"` // session
	Agent              *SessionAgent    `json:"agent"`
	Status             string           `json:"status"`
	Title              *string          `json:"title"`
	EnvironmentID      string           `json:"environment_id"`
	Metadata           Metadata         `json:"metadata"`
	Resources          []Resource       `json:"resources"`
	VaultIDs           []string         `json:"vault_ids"`
	OutcomeEvaluations []jsontext.Value `json:"outcome_evaluations"`
	Budget             jsontext.Value   `json:"budget"`
	Stats              SessionStats     `json:"stats"`
	Usage              SessionUsage     `json:"usage"`
	DeploymentID       *string          `json:"deployment_id"`
	CreatedAt          Time             `json:"created_at"`
	UpdatedAt          Time             `json:"updated_at"`
	ArchivedAt         *Time            `json:"archived_at"`
}

// SessionStats are times in seconds.
type SessionStats struct {
	ActiveSeconds   float64 `json:"active_seconds"`
	DurationSeconds float64 `json:"duration_seconds"`
}

// SessionUsage counts what a session used.
type SessionUsage struct {
	InputTokens          int64          `json:"input_tokens"`
	OutputTokens         int64          `json:"output_tokens"`
	CacheReadInputTokens int64          `json:"cache_read_input_tokens"`
	CacheCreation        CacheCreation  `json:"cache_creation"`
	ActiveSeconds        float64        `json:"active_seconds"`
	ServerToolUse        *ServerToolUse `json:"server_tool_use,omitzero"` // nil before the first use
}

// ServerToolUse counts calls of the web tools that brought something.
type ServerToolUse struct {
	WebSearchRequests int64 `json:"web_search_requests"`
	WebFetchRequests  int64 `json:"web_fetch_requests"`
}

// CacheCreation counts tokens written to prompt caches by their lifetime.
type CacheCreation struct {
	Ephemeral5m int64 `json:"ephemeral_5m_input_tokens"`
	Ephemeral1h int64 `json:"ephemeral_1h_input_tokens"`
}

// Thread is the history of one agent in a session.
type Thread struct {
	ID             string        `json:"id"`
	Type           string        `json:"type"` // session_thread
	SessionID      string        `json:"session_id"`
	Agent          *ThreadAgent  `json:"agent"`
	Status         string        `json:"status"`
	ParentThreadID *string       `json:"parent_thread_id"`
	WorkflowRunID  *string       `json:"workflow_run_id"`
	Stats          *ThreadStats  `json:"stats"` // null before the first status change
	Usage          *SessionUsage `json:"usage"` // null before the first idle
	CreatedAt      Time          `json:"created_at"`
	UpdatedAt      Time          `json:"updated_at"`
	ArchivedAt     *Time         `json:"archived_at"`
}

// ThreadAgent is the agent of a thread: a SessionAgent without its roster.
type ThreadAgent struct {
	ID                string            `json:"id"`
	Type              string            `json:"type"` // agent
	Name              string            `json:"name"`
	Description       *string           `json:"description"`
	Model             ModelConfig       `json:"model"`
	System            *string           `json:"system"`
	Tools             []Tool            `json:"tools"`
	MCPServers        []MCPServer       `json:"mcp_servers"`
	Skills            []AgentSkill      `json:"skills"`
	ExecutionIdentity ExecutionIdentity `json:"execution_identity"`
	Version           int64             `json:"version"`
}

// Thread is the agent as threads show it.
func (a *SessionAgent) Thread() *ThreadAgent {
	return &ThreadAgent{ID: a.ID, Type: a.Type, Name: a.Name, Description: a.Description, Model: a.Model, System: a.System,
		Tools: a.Tools, MCPServers: a.MCPServers, Skills: a.Skills, ExecutionIdentity: a.ExecutionIdentity, Version: a.Version}
}

// ThreadStats are times in seconds.
type ThreadStats struct {
	ActiveSeconds   float64 `json:"active_seconds"`
	DurationSeconds float64 `json:"duration_seconds"`
	StartupSeconds  float64 `json:"startup_seconds"`
}
