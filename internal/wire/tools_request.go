package wire

import "github.com/go-json-experiment/json/jsontext"

// ToolParam is an entry of tools in a request. Exactly one field is set.
type ToolParam struct {
	Agent  *AgentToolsetParam
	MCP    *MCPToolsetParam
	Custom *CustomToolParam
}

// AgentToolsetParam is the built-in tools in a request.
type AgentToolsetParam struct {
	Type          string                      `json:"type"`
	DefaultConfig Opt[ToolDefaultParam]       `json:"default_config"`
	Configs       Opt[[]AgentToolConfigParam] `json:"configs"`
}

// ToolDefaultParam is default_config in a request.
type ToolDefaultParam struct {
	Enabled          Opt[bool]        `json:"enabled"`
	PermissionPolicy Opt[PolicyParam] `json:"permission_policy"`
}

// PolicyParam is permission_policy in a request.
type PolicyParam struct {
	Type string `json:"type"`
}

// AgentToolConfigParam is the settings of one built-in tool in a request.
type AgentToolConfigParam struct {
	Type             Opt[string]            `json:"type"`
	Name             string                 `json:"name"`
	Enabled          Opt[bool]              `json:"enabled"`
	PermissionPolicy Opt[PolicyParam]       `json:"permission_policy"`
	AllowedDomains   Opt[[]string]          `json:"allowed_domains"`
	BlockedDomains   Opt[[]string]          `json:"blocked_domains"`
	MaxContentTokens Opt[int64]             `json:"max_content_tokens"`
	UserLocation     Opt[UserLocationParam] `json:"user_location"`
	URLSources       Opt[URLSourcesParam]   `json:"url_sources"`
}

// UserLocationParam is user_location in a request.
type UserLocationParam struct {
	Type     string      `json:"type"`
	City     Opt[string] `json:"city"`
	Region   Opt[string] `json:"region"`
	Country  Opt[string] `json:"country"`
	Timezone Opt[string] `json:"timezone"`
}

// URLSourcesParam is url_sources in a request.
type URLSourcesParam struct {
	UserInput         Opt[URLSourceParam] `json:"user_input"`
	ClientToolResults Opt[URLSourceParam] `json:"client_tool_results"`
	ServerToolResults Opt[URLSourceParam] `json:"server_tool_results"`
}

// URLSourceParam is one source of URLs: "all", "none", or an object.
type URLSourceParam struct {
	Type  string         `json:"type"`
	Tools Opt[[]ToolRef] `json:"tools"`
}

// UnmarshalJSONFrom decodes either form.
func (p *URLSourceParam) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type object URLSourceParam
	return decodeShort(dec, "`all`, `none` or an object", func(s string) { p.Type = s }, (*object)(p))
}

// MCPToolsetParam is the tools of an MCP server in a request.
type MCPToolsetParam struct {
	Type          string                    `json:"type"`
	MCPServerName string                    `json:"mcp_server_name"`
	DefaultConfig Opt[ToolDefaultParam]     `json:"default_config"`
	Configs       Opt[[]MCPToolConfigParam] `json:"configs"`
}

// MCPToolConfigParam is the settings of one MCP tool in a request.
type MCPToolConfigParam struct {
	Name             string           `json:"name"`
	Enabled          Opt[bool]        `json:"enabled"`
	PermissionPolicy Opt[PolicyParam] `json:"permission_policy"`
}

// CustomToolParam is a custom tool in a request. PermissionPolicy is there to
// be refused with a reason.
type CustomToolParam struct {
	Type             string              `json:"type"`
	Name             string              `json:"name"`
	Description      string              `json:"description"`
	InputSchema      jsontext.Value      `json:"input_schema"`
	PermissionPolicy Opt[jsontext.Value] `json:"permission_policy"`
}

// UnmarshalJSONFrom decodes the variant that type names.
func (p *ToolParam) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	const want = "`" + TypeAgentToolset + "`, `" + TypeMCPToolset + "`, `" + TypeCustomTool + "`"
	_, err := DecodeUnion(dec, want, func(typ string) any {
		switch typ {
		case TypeAgentToolset:
			p.Agent = new(AgentToolsetParam)
			return p.Agent
		case TypeMCPToolset:
			p.MCP = new(MCPToolsetParam)
			return p.MCP
		case TypeCustomTool:
			p.Custom = new(CustomToolParam)
			return p.Custom
		}
		return nil
	})
	return err
}
