package rig

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// MCPToken is the token that the MCP server wants. Clients know it, too.
const MCPToken = "conformance-mcp-token"

// voices is how many calls of sing and join are answered together.
const voices = 3

// newMCP is an MCP server with the tool shout, which answers in capitals, and
// with the tools sing and join, which do so when three calls of either are
// under way.
func newMCP() *httptest.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "shouter", Version: "1"}, nil)
	s.AddTool(&mcp.Tool{Name: "shout", Description: "Shouts a text.",
		InputSchema: json.RawMessage(`{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}`)},
		func(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			var in struct{ Text string }
			if err := json.Unmarshal(r.Params.Arguments, &in); err != nil {
				return nil, err
			}
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: strings.ToUpper(in.Text)}}}, nil
		})
	choir := &choir{together: make(chan struct{})}
	for _, name := range []string{"sing", "join"} {
		mcp.AddTool(s, &mcp.Tool{Name: name, Description: "Sings a text, not alone."}, choir.sing)
	}
	inner := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, nil)
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != "Bearer "+MCPToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, req)
	}))
}

// choir lets calls wait for each other.
type choir struct {
	mu       sync.Mutex
	waiting  int
	together chan struct{} // closed when there are enough
}

func (c *choir) sing(ctx context.Context, _ *mcp.CallToolRequest, in struct {
	Text string `json:"text"`
}) (*mcp.CallToolResult, any, error) {
	c.mu.Lock()
	together := c.together
	if c.waiting++; c.waiting == voices {
		c.waiting, c.together = 0, make(chan struct{})
		close(together)
	}
	c.mu.Unlock()
	select {
	case <-together:
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: strings.ToUpper(in.Text)}}}, nil, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}
