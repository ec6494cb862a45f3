package brain

import (
	"bytes"
	"slices"
	"strings"

	"github.com/ostlerdev/ostler/internal/agent"
	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// catalog is the tools of a session's MCP servers that the agent has enabled.
// The log keeps it, in the private part of the first model request that is
// made with it: the same log makes the same requests, in every process.
type catalog []cataloged

type cataloged struct {
	Server string     `json:"server"`
	Tools  []mcp.Tool `json:"tools"`
}

// of is the tools of a server.
func (c catalog) of(server string) []mcp.Tool {
	for _, s := range c {
		if s.Server == server {
			return s.Tools
		}
	}
	return nil
}

// newCatalog is what the listings offer of what an agent has enabled, in the
// order of its tools, up to the limit of tools an agent may have. short is the
// servers of which tools were left out, with how many.
func newCatalog(a *wire.SessionAgent, others int, found []mcp.Listing) (c catalog, short map[string]int) {
	room := agent.MaxTools - others
	short = map[string]int{}
	for _, t := range a.Tools {
		i := slices.IndexFunc(found, func(l mcp.Listing) bool { return t.MCP != nil && l.Server == t.MCP.MCPServerName })
		if i < 0 || found[i].Err != nil {
			continue
		}
		s := cataloged{Server: found[i].Server, Tools: []mcp.Tool{}}
		left := found[i].Skipped
		for _, tool := range found[i].Tools {
			switch {
			case !t.MCP.Config(tool.Name).Enabled:
			case room == 0:
				left++
			default:
				room--
				s.Tools = append(s.Tools, tool)
			}
		}
		if left > 0 {
			short[s.Server] = left
		}
		c = append(c, s)
	}
	return c, short
}

// startOf is the private part of a model request's start, if it has one.
type startOf struct {
	Catalog catalog `json:"catalog"` // the first request to use it
	Compact bool    `json:"compact"` // for a summary; Catalog is empty
}

// begin takes over the catalog that a model request was made with. Models bind
// their thinking to the tools, see updated.
func (s *state) begin(e store.Event) error {
	var c startOf
	if e.Private != nil {
		if err := decodePrivate(e, &c); err != nil {
			return err
		}
	}
	if s.compacting = c.Compact; c.Compact {
		return nil
	}
	s.unlisted = false
	if e.Private == nil {
		return nil
	}
	s.catalog = c.Catalog
	if s.tools.made {
		s.equip()
	}
	s.forgetThinking()
	return nil
}

// private is the form of the log.
func (c catalog) private() []byte {
	return wire.Encode(struct {
		Catalog catalog `json:"catalog"`
	}{c})
}

func (c catalog) same(d catalog) bool { return bytes.Equal(c.private(), d.private()) }

// remoteTools are the tools of MCP servers by model-facing name, and for each
// server the beginning of those names.
type remoteTools map[string]remoteTool

type remoteTool struct {
	server string
	name   string      // the server's own; "" for the beginning of names
	policy wire.Policy // zero: not enabled
	input  func(given raw) raw
}

// add takes in what an agent has enabled of a server's tools, and returns what
// the model is told of them.
func (r remoteTools) add(set *wire.MCPToolset, known catalog) (offered []model.Tool) {
	server := set.MCPServerName
	r[mcp.Prefix(server)] = remoteTool{server: server}
	for _, t := range known.of(server) {
		c := set.Config(t.Name)
		if !c.Enabled {
			continue
		}
		name := mcp.ModelName(server, t.Name)
		if _, taken := r[name]; taken {
			name = mcp.Distinct(server, t.Name)
		}
		r[name] = remoteTool{server, t.Name, c.PermissionPolicy, t.Input}
		offered = append(offered, model.Tool{Name: name, Description: t.Description, InputSchema: t.InputSchema})
	}
	return offered
}

// find is the tool of a model-facing name. A name that begins like those of a
// server is one that this server doesn't have now.
func (r remoteTools) find(name string) (server string, t remoteTool, ok bool) {
	if t, ok := r[name]; ok && t.name != "" {
		return t.server, t, true
	}
	longest := ""
	for prefix, t := range r {
		if t.name == "" && len(prefix) > len(longest) && len(prefix) < len(name) && strings.HasPrefix(name, prefix) {
			longest = prefix
		}
	}
	if longest == "" {
		return "", remoteTool{}, false
	}
	return r[longest].server, remoteTool{name: name[len(longest):]}, true
}
