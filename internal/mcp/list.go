package mcp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// Limits of what is kept of a server's tools.
const (
	maxListed      = 1000     // tools that are read
	maxPages       = 100      // of the list, that are asked for
	maxName        = 128      // Managed Agents API: tools, "mcp_toolset"
	maxDescription = 16 << 10 // bytes; cut
	maxSchema      = 64 << 10 // bytes; a tool with more is skipped
	// listedFor is how long a list is good for if the server doesn't say that
	// it changed: some have no way to.
	listedFor = 5 * time.Minute
)

// listed is a server's tools as they were at a time.
type listed struct {
	tools   []Tool
	skipped int
	at      time.Time
}

// list is the server's tools.
func (l *link) list(ctx context.Context) Listing {
	out := Listing{Server: l.server.Name}
	l.mu.Lock()
	late := l.late
	l.mu.Unlock()
	if late { // it need not hold up every turn for as long as the first
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.pool.cfg.ConnectTimeout/5)
		defer cancel()
	}
	err := l.do(ctx, true, func(ctx context.Context, c *conn) error {
		known, err := l.tools(ctx, c)
		if err == nil {
			out.Tools, out.Skipped = known.tools, known.skipped
		}
		return err
	})
	out.Err = l.listFailure(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late = errors.Is(err, context.DeadlineExceeded)
	return out
}

// tools is the list as it is known over a connection, or asks for it.
func (l *link) tools(ctx context.Context, c *conn) (*listed, error) {
	l.mu.Lock()
	known, changes := c.listed, c.changes
	l.mu.Unlock()
	if known != nil && time.Since(known.at) < listedFor {
		return known, nil
	}
	known = &listed{at: time.Now()}
	err := known.read(ctx, c.session)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && c.changes == changes { // else it may be of before the change
		c.listed = known
	}
	return known, err
}

// listFailure is what a failed listing is to the session.
func (l *link) listFailure(err error) *Failure {
	var f *Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
	case errors.Is(err, context.DeadlineExceeded):
		f = &Failure{Server: l.server.Name, Message: fmt.Sprintf("The MCP server %q did not list its tools in time.", l.server.Name)}
	default: // the server's own refusal, or the session's interrupt
		f = &Failure{Server: l.server.Name, Message: err.Error()}
	}
	return f
}

// read asks for the pages of the list, up to the limits: there are servers
// whose lists never end.
func (d *listed) read(ctx context.Context, session *sdk.ClientSession) error {
	seen := map[string]bool{}
	params := &sdk.ListToolsParams{}
	for range maxPages {
		page, err := session.ListTools(ctx, params)
		if e := refusalOf(err); e != nil && e.Code == jsonrpc.CodeMethodNotFound {
			return nil // a server without tools
		}
		if err != nil {
			return err
		}
		d.take(page.Tools, seen)
		if page.NextCursor == "" {
			break
		}
		if len(seen) == maxListed {
			d.skipped++ // one at least
			break
		}
		params = &sdk.ListToolsParams{Cursor: page.NextCursor}
	}
	// Some servers list in no order; the model's prompt cache wants one.
	slices.SortFunc(d.tools, func(a, b Tool) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// take adds the tools of a page that were not seen before.
func (d *listed) take(page []*sdk.Tool, seen map[string]bool) {
	for _, t := range page {
		if seen[t.Name] {
			continue
		}
		if len(seen) == maxListed {
			d.skipped++
			continue
		}
		seen[t.Name] = true
		if tool, ok := toolOf(t); ok {
			d.tools = append(d.tools, tool)
		} else {
			d.skipped++
		}
	}
}

// toolOf is a tool in the form that the Messages API takes, false if there is
// none.
func toolOf(t *sdk.Tool) (Tool, bool) {
	if t.Name == "" || len(t.Name) > maxName || !utf8.ValidString(t.Name) {
		return Tool{}, false
	}
	s, ok := schemaOf(t.InputSchema)
	if !ok {
		return Tool{}, false
	}
	description := strings.ToValidUTF8(t.Description, "\uFFFD")
	if len(description) > maxDescription {
		description = strings.ToValidUTF8(description[:maxDescription], "") + " …"
	}
	return Tool{Name: t.Name, Description: description + s.rules, InputSchema: s.encoded, Renamed: s.renamed}, true
}
