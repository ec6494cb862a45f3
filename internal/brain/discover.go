package brain

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/wire"
)

// The tools of MCP servers are discovered when a turn begins: before its first
// model request, not in the middle of it, where other tools would make the
// model's own thinking invalid. A server that can't be had is a session.error;
// the turn goes on without its tools, and the next turn tries again (Managed
// Agents API: tools, "mcp_toolset").

// servers is the MCP servers of which the agent has any tool enabled.
func (s *state) servers() (out []mcp.Server) {
	for _, t := range s.agent.Tools {
		if t.MCP == nil || !t.MCP.DefaultConfig.Enabled && !slices.ContainsFunc(t.MCP.Configs, func(c wire.MCPToolConfig) bool { return c.Enabled }) {
			continue
		}
		if server, ok := s.server(t.MCP.MCPServerName); ok {
			out = append(out, server)
		}
	}
	return out
}

// server is the agent's server of a name.
func (s *state) server(name string) (mcp.Server, bool) {
	for _, m := range s.agent.MCPServers {
		if m.Name == name {
			return mcp.Server{Name: m.Name, URL: m.URL}, true
		}
	}
	return mcp.Server{}, false
}

// discover asks the session's MCP servers for their tools.
func (t *turn) discover(ctx, stepCtx context.Context) (next, error) {
	found := t.b.Remote.Discover(stepCtx, t.session, t.state.servers())
	if ctx.Err() != nil {
		return rest, ctx.Err()
	}
	if stepCtx.Err() != nil { // interrupted: decide finds the interrupt
		return t.commit(ctx, (*step).decide)
	}
	return t.commit(ctx, func(st *step) (next, error) {
		st.found = found
		return st.decide()
	})
}

// catalogue records what was discovered, as far as it is news, and returns the
// private part of the model request that is the first to use it. Without
// servers the catalog is empty.
func (st *step) catalogue() (private []byte, err error) {
	s := st.t.state
	if !s.unlisted {
		return nil, nil
	}
	others := len(s.tools.offered) - s.tools.remote.count()
	c, short := newCatalog(&s.agent, others, st.found)
	for _, l := range st.found {
		if l.Err != nil {
			if err := st.add(journal.Draft{Type: wire.TypeSessionError, Body: lack(lackOf(l.Err))}); err != nil {
				return nil, err
			}
		}
	}
	if c.same(s.catalog) || s.halfway() {
		return nil, nil
	}
	for _, server := range slices.Sorted(maps.Keys(short)) {
		e := wire.ErrorBody{Type: "unknown_error", RetryStatus: wire.RetryStatus{Type: "retrying"},
			Message: fmt.Sprintf("%d tools of the MCP server %q are left out: they don't fit the limit of 256 tools, or have names or schemas that models don't take.", short[server], server)}
		if err := st.add(journal.Draft{Type: wire.TypeSessionError, Body: wire.SessionError{Type: wire.TypeSessionError, Error: e}}); err != nil {
			return nil, err
		}
	}
	return c.private(), nil
}

// halfway tells whether the conversation is at the results of tool calls,
// though a turn begins: the calls of the turn before were interrupted. Then
// the model's thinking has to stay, and with it the tools.
func (s *state) halfway() bool {
	n := len(s.messages)
	return n > 0 && s.messages[n-1].Role == "user" && readBlock(s.messages[n-1].Content[0]).Type == "tool_result"
}

// count is how many tools the model is offered.
func (r remoteTools) count() (n int) {
	for _, t := range r {
		if t.name != "" {
			n++
		}
	}
	return n
}
