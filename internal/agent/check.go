package agent

import (
	"fmt"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// check makes sure that tools, MCP servers and skills fit together. It looks
// at a resolved configuration, so that it holds for what an update leaves as
// well as for what it brings.
func check(s *wire.AgentSpec) error {
	if n := countTools(s.Tools); n > MaxTools {
		return fault.At("tools", "at most %d tools over all toolsets, got %d", MaxTools, n)
	}
	servers := map[string]bool{}
	for _, m := range s.MCPServers {
		servers[m.Name] = true
	}
	used := map[string]bool{}
	for i, t := range s.Tools {
		if t.MCP == nil {
			continue
		}
		path := fmt.Sprintf("tools[%d].mcp_server_name", i)
		switch name := t.MCP.MCPServerName; {
		case !servers[name]:
			return fault.At(path, "no server of mcp_servers is named `%s`", name)
		case used[name]:
			return fault.At(path, "`%s` has more than one toolset", name)
		default:
			used[name] = true
		}
	}
	for i, m := range s.MCPServers {
		if !used[m.Name] {
			return fault.At(fmt.Sprintf("mcp_servers[%d].name", i), "no `%s` of tools names the server `%s`", wire.TypeMCPToolset, m.Name)
		}
	}
	if len(s.Skills) > 0 && !canRead(s.Tools) {
		return fault.At("skills", "skills need the built-in tool `read`, which is not enabled")
	}
	return nil
}

// canRead reports whether the read tool is enabled.
func canRead(tools []wire.Tool) bool {
	for _, t := range tools {
		if t.Agent != nil && t.Agent.Config("read").Enabled {
			return true
		}
	}
	return false
}

// countTools counts the tools that are enabled, as far as they are known.
func countTools(tools []wire.Tool) int {
	n := 0
	for _, t := range tools {
		switch {
		case t.Agent != nil:
			for _, name := range Builtins {
				if t.Agent.Config(name).Enabled {
					n++
				}
			}
		case t.MCP != nil:
			for _, c := range t.MCP.Configs {
				if c.Enabled {
					n++
				}
			}
		default:
			n++
		}
	}
	return n
}
