package agent

import (
	"fmt"
	"slices"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// MaxTools is how many tools an agent may have over all toolsets. Of an MCP
// server only those with a config are known, and counted.
const MaxTools = 256

// Builtins are the tools of agent_toolset_20260401.
var Builtins = []string{"bash", "read", "write", "edit", "glob", "grep", "web_fetch", "web_search"}

// resolveTools fills in every default. Order is kept.
func resolveTools(ps []wire.ToolParam) ([]wire.Tool, error) {
	if len(ps) > MaxTools {
		return nil, fault.At("tools", "at most %d tools, got %d", MaxTools, len(ps))
	}
	custom := map[string]bool{}
	for i, p := range ps {
		if p.Custom == nil {
			continue
		}
		if custom[p.Custom.Name] {
			return nil, fault.At(fmt.Sprintf("tools[%d].name", i), "`%s` is the name of another tool", p.Custom.Name)
		}
		custom[p.Custom.Name] = true
	}
	out := make([]wire.Tool, len(ps))
	agents := 0
	for i, p := range ps {
		path := fmt.Sprintf("tools[%d]", i)
		var err error
		switch {
		case p.Agent != nil:
			if agents++; agents > 1 {
				return nil, fault.At(path, "only one `%s` is allowed", wire.TypeAgentToolset)
			}
			out[i].Agent, err = resolveAgentToolset(path, p.Agent, custom)
		case p.MCP != nil:
			out[i].MCP, err = resolveMCPToolset(path, p.MCP)
		case p.Custom != nil:
			out[i].Custom, err = resolveCustom(path, p.Custom)
		default: // null
			err = fault.At(path, "expected an object")
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func resolveAgentToolset(path string, p *wire.AgentToolsetParam, custom map[string]bool) (*wire.AgentToolset, error) {
	t := &wire.AgentToolset{Type: wire.TypeAgentToolset, Configs: []wire.AgentToolConfig{}}
	var err error
	if t.DefaultConfig, err = resolveDefault(path+".default_config", p.DefaultConfig.Value, wire.AlwaysAllow); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, c := range p.Configs.Value {
		path := fmt.Sprintf("%s.configs[%d]", path, i)
		switch {
		case !slices.Contains(Builtins, c.Name):
			return nil, fault.At(path+".name", "`%s` is not a built-in tool", c.Name)
		case seen[c.Name]:
			return nil, fault.At(path+".name", "`%s` has more than one config", c.Name)
		case c.Type.Set && !c.Type.Null && c.Type.Value != c.Name:
			return nil, fault.At(path+".type", "`%s` is not the name `%s`", c.Type.Value, c.Name)
		}
		seen[c.Name] = true
		out := wire.AgentToolConfig{Type: c.Name, Name: c.Name}
		if out.Enabled, out.PermissionPolicy, err = resolveGate(path, c.Enabled, c.PermissionPolicy, t.DefaultConfig); err != nil {
			return nil, err
		}
		if err := resolveWeb(path, c, &out, custom); err != nil {
			return nil, err
		}
		t.Configs = append(t.Configs, out)
	}
	return t, nil
}

// resolveDefault is the default_config of a toolset.
func resolveDefault(path string, p wire.ToolDefaultParam, policy string) (wire.ToolDefault, error) {
	enabled, pol, err := resolveGate(path, p.Enabled, p.PermissionPolicy,
		wire.ToolDefault{Enabled: true, PermissionPolicy: wire.Policy{Type: policy}})
	return wire.ToolDefault{Enabled: enabled, PermissionPolicy: pol}, err
}

// resolveGate is enabled and permission_policy of a tool; null is as good as
// absent.
func resolveGate(path string, enabled wire.Opt[bool], policy wire.Opt[wire.PolicyParam], def wire.ToolDefault) (bool, wire.Policy, error) {
	if enabled.Set && !enabled.Null {
		def.Enabled = enabled.Value
	}
	if policy.Set && !policy.Null {
		def.PermissionPolicy.Type = policy.Value.Type
		if !oneOf(policy.Value.Type, wire.AlwaysAllow, wire.AlwaysAsk, wire.Auto) {
			return false, wire.Policy{}, fault.At(path+".permission_policy.type",
				"`%s` is not one of `always_allow`, `always_ask`, `auto`", policy.Value.Type)
		}
	}
	return def.Enabled, def.PermissionPolicy, nil
}
