package wire

// AgentSpec is how an agent behaves: the part of its configuration that a
// session takes over.
type AgentSpec struct {
	Name              string            `json:"name"`
	Description       *string           `json:"description"`
	Model             ModelConfig       `json:"model"`
	System            *string           `json:"system"`
	Tools             []Tool            `json:"tools"`
	MCPServers        []MCPServer       `json:"mcp_servers"`
	Skills            []AgentSkill      `json:"skills"`
	Multiagent        *Multiagent       `json:"multiagent"`
	ExecutionIdentity ExecutionIdentity `json:"execution_identity"`
}

// AgentConfig is what one version of an agent is: everything an update can
// change, fully resolved.
type AgentConfig struct {
	AgentSpec
	Metadata Metadata `json:"metadata"`
}

// Agent is an agent as of one of its versions.
type Agent struct {
	ID   string `json:"id"`
	Type string `json:"type"` // agent
	AgentConfig
	Version    int64 `json:"version"`
	CreatedAt  Time  `json:"created_at"` // of the agent, the same in every version
	UpdatedAt  Time  `json:"updated_at"` // of this version
	ArchivedAt *Time `json:"archived_at"`
}

// SessionAgent is the snapshot of an agent that a session works with, its
// overrides included.
type SessionAgent struct {
	ID   string `json:"id"`
	Type string `json:"type"` // agent
	AgentSpec
	Version int64 `json:"version"`
}

// ModelConfig is a resolved model: effort and speed are always present.
type ModelConfig struct {
	ID           string  `json:"id"`
	Effort       Effort  `json:"effort"`
	Speed        string  `json:"speed"` // standard or fast
	InferenceGeo *string `json:"inference_geo,omitzero"`
}

// Effort is how hard the model works on a request.
type Effort struct {
	Type string `json:"type"` // low, medium, high, xhigh or max
}

// MCPServer is a remote MCP server.
type MCPServer struct {
	Type string `json:"type"` // url
	Name string `json:"name"`
	URL  string `json:"url"`
}

// AgentSkill is a skill of an agent. Version is what the caller gave, or the alias
// "latest", which is resolved when a session is created.
type AgentSkill struct {
	Type    string `json:"type"` // anthropic or custom
	SkillID string `json:"skill_id"`
	Version string `json:"version"`
}

// Multiagent is an agent's roster. No value of it exists yet: rosters are
// refused, and the field is null in every answer.
type Multiagent struct{}

// ExecutionIdentity is the principal that an agent runs as.
type ExecutionIdentity struct {
	Type string `json:"type"` // service_account
}
