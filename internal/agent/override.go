package agent

import (
	"reflect"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Override is what a session works with whose agent is given with overrides:
// each field that is given replaces the agent's value, and the combined result
// is checked like an agent (Managed Agents API: sessions, "agent forms").
// Paths of faults begin with agent. A model of null has the code
// agent_model_required.
func Override(base wire.AgentSpec, o wire.AgentOverrides, m Models) (wire.AgentSpec, error) {
	out := base
	err := override(&out, o, m)
	return out, fault.Under("agent", err)
}

func override(s *wire.AgentSpec, o wire.AgentOverrides, m Models) error {
	if o.Model.Null {
		return fault.At("model", "can't be cleared: an agent needs a model").WithCode("agent_model_required")
	}
	if o.Model.Set {
		model, err := resolveModel(o.Model, nil, m)
		if err != nil {
			return err
		}
		s.Model = model
	}
	if o.System.Set {
		if err := applyText(&s.System, "system", o.System, MaxSystem); err != nil {
			return err
		}
	}
	return applyLists(s, o.Tools, o.MCPServers, o.Skills)
}

// UpdateTools is what a session works with after an update of its agent's
// tools or MCP servers, and whether that differs from cur (Managed Agents API:
// sessions, "Update fields"). Paths of faults begin with agent.
func UpdateTools(cur wire.AgentSpec, u wire.SessionAgentUpdate) (wire.AgentSpec, bool, error) {
	out := cur
	if err := applyLists(&out, u.Tools, u.MCPServers, wire.Opt[[]wire.SkillParam]{}); err != nil {
		return cur, false, fault.Under("agent", err)
	}
	return out, !reflect.DeepEqual(out, cur), nil
}
