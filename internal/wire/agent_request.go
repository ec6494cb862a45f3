package wire

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/ostlerdev/ostler/internal/fault"
)

// AgentParams is the body of POST /v1/agents, and of an update
// (POST /v1/agents/{id}), which adds version.
type AgentParams struct {
	Name              Opt[string]                 `json:"name"`
	Description       Opt[string]                 `json:"description"`
	Model             Opt[ModelParam]             `json:"model"`
	System            Opt[string]                 `json:"system"`
	Tools             Opt[[]ToolParam]            `json:"tools"`
	MCPServers        Opt[[]MCPServerParam]       `json:"mcp_servers"`
	Skills            Opt[[]SkillParam]           `json:"skills"`
	Multiagent        Opt[jsontext.Value]         `json:"multiagent"`
	ExecutionIdentity Opt[ExecutionIdentityParam] `json:"execution_identity"`
	Metadata          Opt[MetadataPatch]          `json:"metadata"`
}

// AgentUpdateParams is the body of POST /v1/agents/{id}.
type AgentUpdateParams struct {
	Version Opt[int64] `json:"version"`
	AgentParams
}

// ModelParam is a model id, or an object with more settings.
type ModelParam struct {
	ID           Opt[string]      `json:"id"`
	Effort       Opt[EffortParam] `json:"effort"`
	Speed        Opt[string]      `json:"speed"`
	InferenceGeo Opt[string]      `json:"inference_geo"`
}

// UnmarshalJSONFrom decodes either form.
func (p *ModelParam) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type object ModelParam
	return decodeShort(dec, "a model id or an object", func(id string) { p.ID = Some(id) }, (*object)(p))
}

// EffortParam is an effort level, or an object that names one in type.
type EffortParam struct {
	Type string `json:"type"`
}

// UnmarshalJSONFrom decodes either form.
func (p *EffortParam) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type object EffortParam
	return decodeShort(dec, "an effort level or an object", func(level string) { p.Type = level }, (*object)(p))
}

// MCPServerParam is an entry of mcp_servers.
type MCPServerParam struct {
	Type string `json:"type"`
	Name string `json:"name"`
	URL  string `json:"url"`
}

// SkillParam is an entry of skills.
type SkillParam struct {
	Type    string      `json:"type"`
	SkillID string      `json:"skill_id"`
	Version Opt[string] `json:"version"`
}

// ExecutionIdentityParam is execution_identity in a request.
type ExecutionIdentityParam struct {
	Type    string      `json:"type"`
	RoleARN Opt[string] `json:"role_arn"`
}

// AgentOverrides is what {"type":"agent_with_overrides"} of a new session may
// put in place of the agent's own values.
type AgentOverrides struct {
	Model      Opt[ModelParam]       `json:"model"`
	System     Opt[string]           `json:"system"`
	Tools      Opt[[]ToolParam]      `json:"tools"`
	MCPServers Opt[[]MCPServerParam] `json:"mcp_servers"`
	Skills     Opt[[]SkillParam]     `json:"skills"`
}

// SessionAgentUpdate is agent in the update of a session.
type SessionAgentUpdate struct {
	Tools      Opt[[]ToolParam]      `json:"tools"`
	MCPServers Opt[[]MCPServerParam] `json:"mcp_servers"`
}

// SessionAgentParam names the agent of a new session: an id, or an object of
// type agent or agent_with_overrides.
type SessionAgentParam struct {
	ID        string
	Object    bool            // it came as an object
	Version   Opt[int64]      // absent: the newest
	Overrides *AgentOverrides // nil without agent_with_overrides
}

// UnmarshalJSONFrom decodes the three forms.
func (p *SessionAgentParam) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '"' {
		return json.UnmarshalDecode(dec, &p.ID)
	}
	type reference struct {
		Type    string     `json:"type"`
		ID      string     `json:"id"`
		Version Opt[int64] `json:"version"`
	}
	type withOverrides struct {
		reference
		AgentOverrides
	}
	v, err := DecodeUnion(dec, "`agent`, `agent_with_overrides`", func(typ string) any {
		switch typ {
		case "agent":
			return new(reference)
		case "agent_with_overrides":
			return new(withOverrides)
		}
		return nil
	})
	switch v := v.(type) {
	case *reference:
		p.ID, p.Object, p.Version = v.ID, true, v.Version
	case *withOverrides:
		p.ID, p.Object, p.Version, p.Overrides = v.ID, true, v.Version, &v.AgentOverrides
	}
	return err
}

// decodeShort decodes a string, the short form of a value, or its object.
func decodeShort(dec *jsontext.Decoder, want string, short func(string), object any) error {
	switch dec.PeekKind() {
	case '"':
		var s string
		if err := json.UnmarshalDecode(dec, &s); err != nil {
			return err
		}
		short(s)
		return nil
	case '{':
		return json.UnmarshalDecode(dec, object)
	}
	if err := dec.SkipValue(); err != nil {
		return err
	}
	return fault.At(PathOf(string(dec.StackPointer())), "expected %s", want)
}
