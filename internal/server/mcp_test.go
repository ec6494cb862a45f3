package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// tickets is an MCP server that wants a token and repeats it.
type tickets struct {
	*httptest.Server
	mu    sync.Mutex
	token string
}

func newTickets(t *testing.T) *tickets {
	s := sdk.NewServer(&sdk.Implementation{Name: "tickets", Version: "1"}, nil)
	s.AddTool(&sdk.Tool{Name: "open", Description: "Opens a ticket.", InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(_ context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
			return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: "opened with " + r.Extra.Header.Get("Authorization")}}}, nil
		})
	inner := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s },
		&sdk.StreamableHTTPOptions{DisableLocalhostProtection: true}) // it is asked under another name
	out := &tickets{}
	out.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		out.mu.Lock()
		want := "Bearer " + out.token
		out.mu.Unlock()
		if req.URL.Path != "/mcp/" || req.Header.Get("Authorization") != want {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, req)
	}))
	t.Cleanup(func() {
		out.CloseClientConnections()
		out.Close()
	})
	return out
}

func (s *tickets) demand(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// The token of a session's first vault opens its MCP server, over TLS and
// through the guarded dialer; a rotated one counts at once, an archived one no
// more. Neither is kept or shown anywhere.
func TestVaultsOpenMCPServers(t *testing.T) {
	secret, rotated := "s3cr3t-"+rand.Text(), "r0tated-"+rand.Text()
	remote := newTickets(t)
	remote.demand(secret)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: remote.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	m := modeltest.New(t)
	dir := t.TempDir()
	c := config(dir, m.URL)
	c.GateCA = ca
	c.GateHosts = "example.com=" + remote.Listener.Addr().String() // httptest's certificate is for example.com
	p := serveHere(t, c)

	credential := func(auth string) (vault, id string) {
		vault = p.create("/v1/vaults", `{"display_name":"v"}`)
		return vault, p.create("/v1/vaults/"+vault+"/credentials", `{"auth":`+auth+`}`)
	}
	other, _ := credential(`{"type":"static_bearer","mcp_server_url":"https://example.com/other","token":"wrong"}`)
	first, id := credential(`{"type":"static_bearer","mcp_server_url":"HTTPS://Example.com:443/mcp","token":"` + secret + `"}`)
	second, _ := credential(`{"type":"mcp_oauth","mcp_server_url":"https://example.com/mcp","access_token":"second"}`)
	env := p.create("/v1/environments", `{"name":"test"}`)
	agent := p.create("/v1/agents", `{"name":"test","model":"claude-opus-5-5","mcp_servers":[{"type":"url","name":"tickets","url":"https://example.com/mcp/"}],
		"tools":[{"type":"mcp_toolset","mcp_server_name":"tickets","default_config":{"permission_policy":{"type":"always_allow"}}}]}`)
	session := p.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"vault_ids":[%q,%q,%q]}`, agent, env, other, first, second))
	result := func() string {
		t.Helper()
		m.Queue(modeltest.ToolUse("mcp__tickets__open", map[string]any{}), modeltest.Text("Done."))
		p.say(session, "open")
		log := p.idle(session)
		for i := len(log) - 1; i >= 0; i-- {
			if log[i].Type == "agent.mcp_tool_result" {
				return log[i].Content[0].Text
			}
		}
		t.Fatalf("no result in %+v", log)
		return ""
	}
	if got := result(); got != "opened with Bearer [redacted]" {
		t.Errorf("got %s", got)
	}
	remote.demand(rotated)
	p.call("POST", "/v1/vaults/"+first+"/credentials/"+id, `{"auth":{"type":"static_bearer","token":"`+rotated+`"}}`)
	if got := result(); got != "opened with Bearer [redacted]" {
		t.Errorf("after the rotation: %s", got)
	}
	p.call("POST", "/v1/vaults/"+first+"/credentials/"+id+"/archive", "")
	if got := result(); !strings.Contains(got, "refused the credential") { // the second vault's
		t.Errorf("after the end of the credential: %s", got)
	}
	all := string(p.call("GET", "/v1/sessions/"+session+"/events?limit=1000", ""))
	if !strings.Contains(all, "mcp_authentication_failed_error") || strings.Contains(all, secret) || strings.Contains(all, rotated) {
		t.Errorf("the log: %s", all)
	}
	for _, r := range m.Requests() {
		if strings.Contains(string(r.Raw), secret) || strings.Contains(string(r.Raw), rotated) {
			t.Error("a token went to the model")
		}
	}
	p.close()
	notKept(t, dir, secret, rotated)
}

// An agent can't make the server reach the private side.
func TestMCPServersOnThePrivateSide(t *testing.T) {
	m := modeltest.New(t)
	p := serveHere(t, config(t.TempDir(), m.URL))
	env := p.create("/v1/environments", `{"name":"test"}`)
	agent := p.create("/v1/agents", `{"name":"test","model":"claude-opus-5-5","mcp_servers":[{"type":"url","name":"inner","url":`+fmt.Sprintf("%q", m.URL)+`}],
		"tools":[{"type":"mcp_toolset","mcp_server_name":"inner"}]}`)
	session := p.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q}`, agent, env))
	m.Queue(modeltest.Text("Without."))
	p.say(session, "go")
	log := p.idle(session)
	checkLog(t, log)
	for _, e := range log {
		if e.Type == "session.error" && (e.Error.Type != "mcp_connection_failed_error" || e.Error.Retry.Type != "retrying") {
			t.Errorf("error %+v", e.Error)
		}
	}
	if count(log, "session.error") != 1 || count(log, "agent.message") != 1 || len(m.Requests()) != 1 {
		t.Errorf("the log: %+v", log)
	}
}

// A large result is in the sandbox, where the agent's tools find it.
func TestLargeMCPResult(t *testing.T) {
	s := sdk.NewServer(&sdk.Implementation{Name: "library", Version: "1"}, nil)
	s.AddTool(&sdk.Tool{Name: "borrow", InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
			return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: strings.Repeat("a line of a book\n", 30_000)}}}, nil
		})
	remote := httptest.NewServer(sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, nil))
	defer remote.Close()
	defer remote.CloseClientConnections()
	m := modeltest.New(t)
	c := config(t.TempDir(), m.URL)
	c.AllowPrivate = "1"
	p := serveHere(t, c)
	defer p.close()
	env := p.create("/v1/environments", `{"name":"test"}`)
	agent := p.create("/v1/agents", fmt.Sprintf(`{"name":"test","model":"claude-opus-5-5","mcp_servers":[{"type":"url","name":"library","url":%q}],"tools":[
		{"type":"agent_toolset_20260401"},{"type":"mcp_toolset","mcp_server_name":"library","default_config":{"permission_policy":{"type":"always_allow"}}}]}`, remote.URL))
	session := p.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q}`, agent, env))
	m.Queue(modeltest.ToolUse("mcp__library__borrow", map[string]any{}),
		modeltest.ToolUse("bash", map[string]any{"command": "cd /tmp/tool-outputs && ls && wc -l < sevt_*.txt"}), modeltest.Text("Done."))
	p.say(session, "read")
	log := p.idle(session)
	for _, e := range log {
		switch {
		case e.Type == "agent.mcp_tool_result" && !strings.Contains(e.Content[0].Text, "(510000 characters) is in /tmp/tool-outputs/sevt_"),
			e.Type == "agent.tool_result" && !strings.HasSuffix(strings.TrimSpace(e.Content[0].Text), "\n30000"):
			t.Errorf("%s: %.3000s", e.Type, e.Content[0].Text)
		}
	}
	if count(log, "agent.tool_result") != 1 || count(log, "agent.mcp_tool_result") != 1 {
		t.Errorf("the log: %+v", log)
	}
}
