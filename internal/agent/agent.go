// Package agent holds the rules of agents: what a configuration may say, how
// it is resolved (every default filled in), how an update merges into it, and
// what a session may override. It decides on values only.
//
// Every function checks its input whole before it answers, and its errors are
// faults that name the JSON path (tools[0].configs[1].name). The package
// imports wire and fault; it may not import store, api or net/http.
package agent

import (
	"reflect"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Models knows the models that agents may use.
type Models interface {
	// Check refuses an unknown model id, an effort level or a speed that the
	// model doesn't support. The error begins with the field: "id:", "effort:"
	// or "speed:". "" for effort or speed leaves it to the model.
	Check(id, effort, speed string) error
	// DefaultEffort is the level that the model works at if it is told none.
	DefaultEffort(id string) string
}

// New is the configuration of a new agent (Managed Agents API: agents,
// "Create").
func New(p wire.AgentParams, m Models) (wire.AgentConfig, error) {
	switch {
	case !p.Name.Set:
		return wire.AgentConfig{}, fault.At("name", "field required")
	case !p.Model.Set:
		return wire.AgentConfig{}, fault.At("model", "field required")
	}
	empty := wire.AgentConfig{AgentSpec: wire.AgentSpec{ExecutionIdentity: serviceAccount}, Metadata: wire.Metadata{}}
	if p.Metadata.Set {
		if _, err := wire.NewMetadata(p.Metadata.Value); err != nil {
			return wire.AgentConfig{}, err
		}
	}
	return apply(empty, p, m)
}

// Update is the configuration that an update of cur leads to, and whether it
// differs from cur's: an update that changes nothing makes no version
// (Managed Agents API: agents, "Update"). cur is the newest version.
//
// Besides faults of kind Invalid it answers a Conflict if p names another
// version than cur's, even if nothing else would change.
func Update(cur wire.Agent, p wire.AgentUpdateParams, m Models) (wire.AgentConfig, bool, error) {
	if v := p.Version; v.Set && (v.Null || v.Value < 1) {
		return wire.AgentConfig{}, false, fault.At("version", "expected an integer of at least 1")
	}
	if cur.ArchivedAt != nil {
		return wire.AgentConfig{}, false, fault.New(fault.Invalid, "Agent `%s` is archived and can't be changed.", cur.ID)
	}
	if p.Version.Set && p.Version.Value != cur.Version {
		return wire.AgentConfig{}, false, fault.New(fault.Conflict,
			"version: the agent is at version %d, not %d. Read it again and repeat the update.", cur.Version, p.Version.Value)
	}
	cfg, err := apply(cur.AgentConfig, p.AgentParams, m)
	if err != nil {
		return wire.AgentConfig{}, false, err
	}
	return cfg, !reflect.DeepEqual(cfg, cur.AgentConfig), nil
}

// apply lays p over old and checks the result.
func apply(old wire.AgentConfig, p wire.AgentParams, m Models) (wire.AgentConfig, error) {
	cfg := old
	if err := applyTexts(&cfg.AgentSpec, p); err != nil {
		return cfg, err
	}
	if p.Model.Set {
		model, err := resolveModel(p.Model, &old.Model, m)
		if err != nil {
			return cfg, err
		}
		cfg.Model = model
	}
	if p.Multiagent.Set && !p.Multiagent.Null {
		return cfg, fault.At("multiagent", "not supported yet by this server")
	}
	if p.ExecutionIdentity.Set {
		id, err := resolveIdentity(p.ExecutionIdentity)
		if err != nil {
			return cfg, err
		}
		cfg.ExecutionIdentity = id
	}
	if p.Metadata.Set {
		md, err := p.Metadata.Value.Apply(old.Metadata, false)
		if err != nil {
			return cfg, err
		}
		cfg.Metadata = md
	}
	err := applyLists(&cfg.AgentSpec, p.Tools, p.MCPServers, p.Skills)
	return cfg, err
}

// applyLists replaces the lists that are given and checks that the three fit
// together. Absent lists become empty ones.
func applyLists(s *wire.AgentSpec, tools wire.Opt[[]wire.ToolParam], servers wire.Opt[[]wire.MCPServerParam], skills wire.Opt[[]wire.SkillParam]) (err error) {
	if tools.Set || s.Tools == nil {
		if s.Tools, err = resolveTools(tools.Value); err != nil {
			return err
		}
	}
	if servers.Set || s.MCPServers == nil {
		if s.MCPServers, err = resolveServers(servers.Value); err != nil {
			return err
		}
	}
	if skills.Set || s.Skills == nil {
		if s.Skills, err = resolveSkills(skills.Value); err != nil {
			return err
		}
	}
	return check(s)
}
