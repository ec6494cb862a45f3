package brain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/wire"
)

// maxKept is the longest text that is kept in a file, in bytes.
const maxKept = 8 << 20

// remoteCall is what calls a tool of an MCP server.
func (t *turn) remoteCall(c *call, turn int64) func(context.Context) result {
	server, ok := t.state.server(c.server)
	if !ok {
		return func(context.Context) result {
			return errorResult(fmt.Sprintf("The session has no MCP server %q any more.", c.server))
		}
	}
	keeps := len(t.state.tools.builtin) > 0 && !t.state.selfHosted
	return func(ctx context.Context) result {
		r, err := t.b.Remote.Call(ctx, t.session, server, c.name, c.input)
		var failure *mcp.Failure
		switch {
		case err == nil:
			return t.fit(ctx, c, turn, keeps, result{Content: r.Content, IsError: r.IsError})
		case ctx.Err() != nil:
			return errorResult(interruptedText)
		case errors.As(err, &failure):
			out := errorResult(failure.Message)
			if failure.Unsure {
				out = errorResult(failure.Message + " The call may or may not have taken effect.")
			}
			out.Notices = []hands.Notice{lackOf(failure)}
			return out
		}
		t.log.Error("an MCP tool could not be called", "mcp_server", c.server, "tool", c.name, "error", err)
		return errorResult(fmt.Sprintf("The MCP server %q could not be asked.", c.server))
	}
}

// lackOf is a server that the session goes on without.
func lackOf(f *mcp.Failure) hands.Notice {
	kind := "mcp_connection_failed_error"
	if f.Auth {
		kind = "mcp_authentication_failed_error"
	}
	return hands.Notice{Kind: kind, Message: f.Message, MCPServerName: f.Server}
}

// fit shortens a result that is too large for the model. The whole text goes
// to a file in the session's sandbox, if the agent has tools to read it there
// (keeps).
func (t *turn) fit(ctx context.Context, c *call, turn int64, keeps bool, r result) result {
	var texts []string
	var rest []raw
	for _, b := range r.Content {
		if v := readBlock(b); v.Type == "text" {
			texts = append(texts, v.Text)
		} else {
			rest = append(rest, b)
		}
	}
	whole := strings.Join(texts, "\n")
	path := hands.OutputFile(c.event)
	short, large := hands.Preview(whole, path)
	if !large {
		return r
	}
	if !keeps || !t.keep(ctx, &r, path, whole, turn) {
		short, _ = hands.Cut(whole)
	}
	r.Content = append([]raw{textBlock(short)}, rest...)
	return r
}

// keep writes a text to a file in the sandbox, and tells whether it is there.
func (t *turn) keep(ctx context.Context, r *result, path, text string, turn int64) bool {
	if len(text) > maxKept {
		return false
	}
	written, err := t.b.Hands.Run(ctx, t.session, hands.Call{Tool: "write", Turn: turn,
		Input: wire.Encode(map[string]string{"file_path": path, "content": text})})
	r.Notices = append(r.Notices, written.Notices...)
	if err != nil && ctx.Err() == nil {
		t.log.Warn("a large result could not be kept", "error", err)
	}
	return err == nil && !written.IsError
}
