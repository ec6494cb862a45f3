package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// remote is an MCP server of the official SDK behind HTTP. What it was asked
// is kept by HTTP method, or by protocol method for messages.
type remote struct {
	*httptest.Server
	mcp *sdk.Server

	mu     sync.Mutex
	asked  []string
	tokens []string
	before http.HandlerFunc // may answer in the server's place, by writing
}

// transports make the HTTP side of a server.
var transports = map[string]func(*sdk.Server) http.Handler{
	"streamable": func(s *sdk.Server) http.Handler {
		return sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, nil)
	},
	"stateless": func(s *sdk.Server) http.Handler {
		return sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, &sdk.StreamableHTTPOptions{Stateless: true, JSONResponse: true})
	},
	"sse": func(s *sdk.Server) http.Handler {
		sse := sdk.NewSSEHandler(func(*http.Request) *sdk.Server { return s }, nil)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Query().Get("sessionid") == "" {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			sse.ServeHTTP(w, r)
		})
	},
}

func newRemote(t *testing.T, transport string) *remote {
	t.Helper()
	r := &remote{mcp: sdk.NewServer(&sdk.Implementation{Name: "remote", Version: "1"}, nil)}
	r.tool("echo", func(_ context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		return said("echo " + string(req.Params.Arguments)), nil
	})
	inner := transports[transport](r.mcp)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.serve(w, req, inner)
	}))
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
		for s := range r.mcp.Sessions() { // those that nobody said goodbye to
			if err := s.Close(); err != nil {
				t.Log(err)
			}
		}
	})
	return r
}

func (r *remote) serve(w http.ResponseWriter, req *http.Request, inner http.Handler) {
	what := req.Method
	if req.Method == http.MethodPost {
		what = methodOf(req)
	}
	r.mu.Lock()
	r.asked = append(r.asked, what)
	r.tokens = append(r.tokens, strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "))
	before := r.before
	r.mu.Unlock()
	if before != nil {
		seen := &recorded{ResponseWriter: w}
		if before(seen, req); seen.wrote {
			return
		}
	}
	inner.ServeHTTP(w, req)
}

// recorded tells whether anything was answered.
type recorded struct {
	http.ResponseWriter
	wrote bool
}

func (r *recorded) WriteHeader(status int) {
	r.wrote = true
	r.ResponseWriter.WriteHeader(status)
}

// Flush lets streams through.
func (r *recorded) Flush() { r.ResponseWriter.(http.Flusher).Flush() }

// intercept puts f before the server.
func (r *remote) intercept(f http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before = f
}

// count is how often something was asked.
func (r *remote) count(what string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.asked {
		if a == what {
			n++
		}
	}
	return n
}

func (r *remote) tool(name string, f sdk.ToolHandler) {
	r.mcp.AddTool(&sdk.Tool{Name: name, Description: "Does " + name, InputSchema: json.RawMessage(`{"type":"object"}`)}, f)
}

func said(text string) *sdk.CallToolResult {
	return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: text}}}
}

// hang adds a tool that doesn't answer as long as the test runs.
func (r *remote) hang(t *testing.T) (entered <-chan struct{}) {
	came, end := make(chan struct{}, 10), make(chan struct{})
	t.Cleanup(func() { close(end) })
	r.tool("hang", func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		came <- struct{}{}
		<-end
		return said("late"), nil
	})
	return came
}

// methodOf reads the protocol method of a message and puts the body back.
func methodOf(req *http.Request) string {
	body, restore := peek(req)
	defer restore()
	var m struct{ Method string }
	if json.Unmarshal(body, &m) != nil || m.Method == "" {
		return "response"
	}
	return m.Method
}

// vaults gives tokens by server URL, and after a refusal the next one.
type vaults struct {
	mu     sync.Mutex
	tokens []string
	err    error
	asked  []string // what was rejected
}

func (v *vaults) Token(_ context.Context, session, _, rejected string) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if session != "sesn_1" {
		return "", errors.New("another session's vault")
	}
	v.asked = append(v.asked, rejected)
	if rejected != "" && v.err != nil {
		return "", v.err
	}
	if i := slices.Index(v.tokens, rejected); i >= 0 && i+1 < len(v.tokens) {
		v.tokens = v.tokens[i+1:]
	}
	if len(v.tokens) == 0 {
		return "", nil
	}
	return v.tokens[0], nil
}

func newPool(t *testing.T, change ...func(*Config)) *Pool {
	t.Helper()
	transport := &http.Transport{}
	c := Config{Transport: transport, Tokens: &vaults{}, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Version: "test"}
	for _, f := range change {
		f(&c)
	}
	p := New(c)
	t.Cleanup(func() {
		p.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// one is the only server of a session.
func (r *remote) one() []Server { return []Server{{Name: "srv", URL: r.URL}} }

func discover(t *testing.T, p *Pool, servers []Server) Listing {
	t.Helper()
	return p.Discover(t.Context(), "sesn_1", servers)[0]
}

// tools lists the names, or fails.
func tools(t *testing.T, p *Pool, servers []Server) (names []string) {
	t.Helper()
	l := discover(t, p, servers)
	if l.Err != nil {
		t.Fatal(l.Err)
	}
	for _, tool := range l.Tools {
		names = append(names, tool.Name)
	}
	return names
}

func call(t *testing.T, p *Pool, s Server, tool, input string) (string, bool) {
	t.Helper()
	r, err := p.Call(t.Context(), "sesn_1", s, tool, json.RawMessage(input))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s", r.Content), r.IsError
}

// eventually waits for a condition that another goroutine makes true.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	timeout := time.After(30 * time.Second)
	for !f() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatal("never: " + what)
		}
	}
}
