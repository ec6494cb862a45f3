package agent

import (
	"fmt"
	"net/url"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of MCP servers; lengths in Unicode code points.
const (
	MaxMCPServers  = 20
	maxServerName  = 255
	maxServerURL   = 2048
	maxMCPToolName = 128
)

func resolveServers(ps []wire.MCPServerParam) ([]wire.MCPServer, error) {
	if len(ps) > MaxMCPServers {
		return nil, fault.At("mcp_servers", "at most %d servers, got %d", MaxMCPServers, len(ps))
	}
	out := make([]wire.MCPServer, len(ps))
	seen := map[string]bool{}
	for i, p := range ps {
		path := fmt.Sprintf("mcp_servers[%d]", i)
		if p.Type != "url" {
			return nil, fault.At(path+".type", "`%s` is not one of `url`", p.Type)
		}
		if err := checkLength(path+".name", p.Name, maxServerName); err != nil {
			return nil, err
		}
		if seen[p.Name] {
			return nil, fault.At(path+".name", "`%s` is the name of another server", p.Name)
		}
		seen[p.Name] = true
		if err := checkServerURL(path+".url", p.URL); err != nil {
			return nil, err
		}
		out[i] = wire.MCPServer{Type: p.Type, Name: p.Name, URL: p.URL}
	}
	return out, nil
}

// checkServerURL wants an http(s) URL without credentials: those come from a
// session's vaults only, and what an agent holds is shown to its readers.
func checkServerURL(path, s string) error {
	if err := checkLength(path, s, maxServerURL); err != nil {
		return err
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		return fault.At(path, "expected an http or https URL")
	case u.User != nil:
		return fault.At(path, "must not hold a user or password; keep credentials in a vault")
	}
	return nil
}

func resolveMCPToolset(path string, p *wire.MCPToolsetParam) (*wire.MCPToolset, error) {
	if err := checkLength(path+".mcp_server_name", p.MCPServerName, maxServerName); err != nil {
		return nil, err
	}
	t := &wire.MCPToolset{Type: wire.TypeMCPToolset, MCPServerName: p.MCPServerName, Configs: []wire.MCPToolConfig{}}
	var err error
	if t.DefaultConfig, err = resolveDefault(path+".default_config", p.DefaultConfig.Value, wire.AlwaysAsk); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, c := range p.Configs.Value {
		path := fmt.Sprintf("%s.configs[%d]", path, i)
		if err := checkLength(path+".name", c.Name, maxMCPToolName); err != nil {
			return nil, err
		}
		if seen[c.Name] {
			return nil, fault.At(path+".name", "`%s` has more than one config", c.Name)
		}
		seen[c.Name] = true
		out := wire.MCPToolConfig{Name: c.Name}
		out.Enabled, out.PermissionPolicy, err = resolveGate(path, c.Enabled, c.PermissionPolicy, t.DefaultConfig)
		if err != nil {
			return nil, err
		}
		t.Configs = append(t.Configs, out)
	}
	return t, nil
}
