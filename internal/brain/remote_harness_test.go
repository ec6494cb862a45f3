package brain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/ostlerdev/ostler/internal/mcp"
)

// fakeRemote are MCP servers by name. Without functions a server has the tool
// look, which answers at once.
type fakeRemote struct {
	mu         sync.Mutex
	list       func(ctx context.Context, server string) ([]mcp.Tool, *mcp.Failure)
	answer     func(ctx context.Context, server, tool string) (mcp.Result, error)
	discovered [][]mcp.Server
	calls      []string
}

var look = mcp.Tool{Name: "look", Description: "Looks <up> things.", InputSchema: json.RawMessage(`{"type":"object"}`)}

func (f *fakeRemote) Discover(ctx context.Context, _ string, servers []mcp.Server) []mcp.Listing {
	f.mu.Lock()
	f.discovered = append(f.discovered, servers)
	list := f.list
	f.mu.Unlock()
	out := make([]mcp.Listing, len(servers))
	for i, s := range servers {
		out[i] = mcp.Listing{Server: s.Name, Tools: []mcp.Tool{look}}
		if list != nil {
			out[i].Tools, out[i].Err = list(ctx, s.Name)
		}
	}
	return out
}

func (f *fakeRemote) Call(ctx context.Context, _ string, s mcp.Server, tool string, input json.RawMessage) (mcp.Result, error) {
	f.mu.Lock()
	f.calls = append(f.calls, fmt.Sprintf("%s %s %s %s", s.Name, s.URL, tool, input))
	answer := f.answer
	f.mu.Unlock()
	if answer != nil {
		return answer(ctx, s.Name, tool)
	}
	return mcp.Result{Content: []raw{textBlock("seen by " + s.Name)}}, nil
}

// set changes what the servers do.
func (f *fakeRemote) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// times is how often the servers were asked for their tools.
func (f *fakeRemote) times() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.discovered)
}

// random makes servers that do anything.
func (f *fakeRemote) random(seed uint64) {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 2))
	draw := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return rng.IntN(n)
	}
	failure := func(server string) *mcp.Failure {
		return &mcp.Failure{Server: server, Auth: draw(2) == 0, Unsure: draw(2) == 0, Message: "It is gone."}
	}
	f.list = func(_ context.Context, server string) ([]mcp.Tool, *mcp.Failure) {
		switch draw(4) {
		case 0:
			return nil, failure(server)
		case 1:
			return []mcp.Tool{{Name: "another", InputSchema: look.InputSchema}, look}, nil
		case 2:
			return nil, nil
		}
		return []mcp.Tool{look}, nil
	}
	f.answer = func(_ context.Context, server, _ string) (mcp.Result, error) {
		switch draw(4) {
		case 0:
			return mcp.Result{}, failure(server)
		case 1:
			return mcp.Result{}, errors.New("who knows")
		case 2:
			return mcp.Result{Content: []raw{textBlock("no")}, IsError: true}, nil
		}
		return mcp.Result{Content: []raw{textBlock("yes")}}, nil
	}
}

// serversOf are the MCP servers that tools of an agent refer to.
func serversOf(tools []string) string {
	var out []string
	for _, t := range tools {
		var set struct {
			Name string `json:"mcp_server_name"`
		}
		if err := json.Unmarshal([]byte(t), &set); err == nil && set.Name != "" {
			out = append(out, fmt.Sprintf(`{"type":"url","name":%q,"url":"https://mcp%d.test"}`, set.Name, len(out)+1))
		}
	}
	return strings.Join(out, ",")
}
