package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Types of tools.
const (
	TypeAgentToolset = "agent_toolset_20260401"
	TypeMCPToolset   = "mcp_toolset"
	TypeCustomTool   = "custom"
)

// Permission policies.
const (
	AlwaysAllow = "always_allow"
	AlwaysAsk   = "always_ask"
	Auto        = "auto"
)

// Tool is an entry of an agent's tools. Exactly one field is set.
type Tool struct {
	Agent  *AgentToolset
	MCP    *MCPToolset
	Custom *CustomTool
}

// AgentToolset is the built-in tools.
type AgentToolset struct {
	Type          string            `json:"type"` // agent_toolset_20260401
	DefaultConfig ToolDefault       `json:"default_config"`
	Configs       []AgentToolConfig `json:"configs"` // only the tools that the caller named, in the caller's order
}

// ToolDefault is what holds for the tools of a set that have no config.
type ToolDefault struct {
	Enabled          bool   `json:"enabled"`
	PermissionPolicy Policy `json:"permission_policy"`
}

// Policy says how calls of a tool are gated.
type Policy struct {
	Type string `json:"type"` // always_allow, always_ask or auto
}

// AgentToolConfig is the settings of one built-in tool.
type AgentToolConfig struct {
	Type             string   `json:"type"` // the name
	Name             string   `json:"name"`
	Enabled          bool     `json:"enabled"`
	PermissionPolicy Policy   `json:"permission_policy"`
	AllowedDomains   []string `json:"allowed_domains,omitempty"` // web tools; nil: every domain
	BlockedDomains   []string `json:"blocked_domains,omitempty"` // web tools
	*WebSearchSettings
	*WebFetchSettings
}

// WebSearchSettings are the settings that only web_search has.
type WebSearchSettings struct {
	UserLocation *UserLocation `json:"user_location"`
}

// WebFetchSettings are the settings that only web_fetch has.
type WebFetchSettings struct {
	MaxContentTokens *int64      `json:"max_content_tokens"`
	URLSources       *URLSources `json:"url_sources"` // nil: every source
}

// UserLocation localises search results.
type UserLocation struct {
	Type     string  `json:"type"` // approximate
	City     *string `json:"city"`
	Region   *string `json:"region"`
	Country  *string `json:"country"`  // ISO 3166-1 alpha-2
	Timezone *string `json:"timezone"` // IANA
}

// URLSources says where web_fetch may have its URLs from. nil is "all".
type URLSources struct {
	UserInput         *URLSource `json:"user_input"`
	ClientToolResults *URLSource `json:"client_tool_results"`
	ServerToolResults *URLSource `json:"server_tool_results"`
}

// URLSource is one source of URLs: all, none, or the results of some tools.
type URLSource struct {
	Type  string    `json:"type"`            // all, none, only or except
	Tools []ToolRef `json:"tools,omitempty"` // of only and except
}

// ToolRef names a tool.
type ToolRef struct {
	Type string `json:"type"` // tool_reference
	Name string `json:"name"`
}

// MCPToolset is the tools of one MCP server.
type MCPToolset struct {
	Type          string          `json:"type"` // mcp_toolset
	MCPServerName string          `json:"mcp_server_name"`
	DefaultConfig ToolDefault     `json:"default_config"`
	Configs       []MCPToolConfig `json:"configs"`
}

// MCPToolConfig is the settings of one tool of an MCP server.
type MCPToolConfig struct {
	Name             string `json:"name"`
	Enabled          bool   `json:"enabled"`
	PermissionPolicy Policy `json:"permission_policy"`
}

// CustomTool is a tool that the API client runs.
type CustomTool struct {
	Type        string         `json:"type"` // custom
	Name        string         `json:"name"`
	Description string         `json:"description"`
	InputSchema jsontext.Value `json:"input_schema"` // as the caller gave it, compact
}

// Config is the settings of the built-in tool name: its own, or the default.
func (t *AgentToolset) Config(name string) AgentToolConfig {
	for _, c := range t.Configs {
		if c.Name == name {
			return c
		}
	}
	c := AgentToolConfig{Type: name, Name: name, Enabled: t.DefaultConfig.Enabled, PermissionPolicy: t.DefaultConfig.PermissionPolicy}
	switch name {
	case "web_search":
		c.WebSearchSettings = &WebSearchSettings{}
	case "web_fetch":
		c.WebFetchSettings = &WebFetchSettings{}
	}
	return c
}

// Config is the settings of the server's tool name: its own, or the default.
func (t *MCPToolset) Config(name string) MCPToolConfig {
	for _, c := range t.Configs {
		if c.Name == name {
			return c
		}
	}
	return MCPToolConfig{Name: name, Enabled: t.DefaultConfig.Enabled, PermissionPolicy: t.DefaultConfig.PermissionPolicy}
}

// MarshalJSONTo writes the field that is set.
func (t Tool) MarshalJSONTo(enc *jsontext.Encoder) error {
	switch {
	case t.Agent != nil:
		return json.MarshalEncode(enc, t.Agent)
	case t.MCP != nil:
		return json.MarshalEncode(enc, t.MCP)
	case t.Custom != nil:
		return json.MarshalEncode(enc, t.Custom)
	}
	return fmt.Errorf("wire: a Tool that is none")
}

// UnmarshalJSONFrom reads the stored form.
func (t *Tool) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, typ, err := readStored(dec)
	if err != nil {
		return err
	}
	*t = Tool{}
	switch typ {
	case TypeAgentToolset:
		return json.Unmarshal(raw, &t.Agent)
	case TypeMCPToolset:
		return json.Unmarshal(raw, &t.MCP)
	case TypeCustomTool:
		return json.Unmarshal(raw, &t.Custom)
	}
	return fmt.Errorf("wire: a tool of type %q", typ)
}
