package wire

import "github.com/go-json-experiment/json/jsontext"

// The types of events that tell what the agent does.
const (
	TypeAgentMessage       = "agent.message"
	TypeAgentThinking      = "agent.thinking"
	TypeAgentToolUse       = "agent.tool_use"
	TypeAgentToolResult    = "agent.tool_result"
	TypeAgentMCPToolUse    = "agent.mcp_tool_use"
	TypeAgentMCPToolResult = "agent.mcp_tool_result"
	TypeAgentCustomToolUse = "agent.custom_tool_use"

	TypeThreadContextCompacted = "agent.thread_context_compacted"
	TypeModelRequestStart      = "span.model_request_start"
	TypeModelRequestEnd        = "span.model_request_end"
)

// AgentMessage is text of the agent.
type AgentMessage struct {
	Type    string  `json:"type"`
	Content []Block `json:"content"`
}

// Bare is an event without fields of its own.
type Bare struct {
	Type string `json:"type"`
}

// AgentToolUse is a call of a built-in tool.
type AgentToolUse struct {
	Type                string         `json:"type"`
	Name                string         `json:"name"`
	Input               jsontext.Value `json:"input"`
	EvaluatedPermission string         `json:"evaluated_permission"` // allow, ask or deny
	Evaluation          *Evaluation    `json:"evaluation,omitzero"`  // absent if no policy was asked
}

// Evaluation says how a permission policy judged a call.
type Evaluation struct {
	Type                string          `json:"type"` // always_allow, always_ask or auto
	EvaluatedPermission *AutoPermission `json:"evaluated_permission,omitzero"`
}

// AutoPermission is the judgement of the auto policy.
type AutoPermission struct {
	Type       string `json:"type"`                  // allow, ask or deny
	ReasonCode string `json:"reason_code,omitempty"` // indeterminate or high_risk
}

// AgentToolResult is the result of a built-in tool call.
type AgentToolResult struct {
	Type      string  `json:"type"`
	ToolUseID string  `json:"tool_use_id"`
	Content   []Block `json:"content,omitzero"`
	IsError   bool    `json:"is_error"`
}

// AgentCustomToolUse is a call of a custom tool; the client answers it.
type AgentCustomToolUse struct {
	Type  string         `json:"type"`
	Name  string         `json:"name"`
	Input jsontext.Value `json:"input"`
}

// ModelRequestEnd ends the span that a span.model_request_start began.
type ModelRequestEnd struct {
	Type                string     `json:"type"`
	ModelRequestStartID string     `json:"model_request_start_id"`
	IsError             bool       `json:"is_error"`
	ModelUsage          ModelUsage `json:"model_usage"`
}

// ModelUsage counts the tokens of one model request.
type ModelUsage struct {
	InputTokens              int64 `json:"input_tokens"`
	OutputTokens             int64 `json:"output_tokens"`
	CacheCreationInputTokens int64 `json:"cache_creation_input_tokens"`
	CacheReadInputTokens     int64 `json:"cache_read_input_tokens"`
}

// AgentMCPToolUse is a call of an MCP server's tool.
type AgentMCPToolUse struct {
	Type                string         `json:"type"`
	MCPServerName       string         `json:"mcp_server_name"`
	Name                string         `json:"name"` // the server's own
	Input               jsontext.Value `json:"input"`
	EvaluatedPermission string         `json:"evaluated_permission"` // allow, ask or deny
	Evaluation          *Evaluation    `json:"evaluation,omitzero"`  // absent if no policy was asked
}

// AgentMCPToolResult is the result of a call of an MCP server's tool.
type AgentMCPToolResult struct {
	Type         string  `json:"type"`
	MCPToolUseID string  `json:"mcp_tool_use_id"`
	Content      []Block `json:"content,omitzero"`
	IsError      bool    `json:"is_error"`
}
