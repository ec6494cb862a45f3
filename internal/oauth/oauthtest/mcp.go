package oauthtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// MCP is a small MCP server over streamable HTTP that takes the tokens of an
// authorization server. It has one tool, "whoami", which says with which token
// it was called. Its fields are set before it is used.
type MCP struct {
	URL    string
	Tokens *Server
	Events bool                                                          // answers are streams of events
	Fail   func(w http.ResponseWriter, method string, token string) bool // may answer in the server's place

	mu       sync.Mutex
	serial   int
	sessions map[string]bool
	methods  []string // with the status of the answer
}

// StartMCP starts m until the test ends.
func StartMCP(t testing.TB, m *MCP) *MCP {
	t.Helper()
	front := httptest.NewServer(m)
	t.Cleanup(front.Close)
	m.URL = front.URL + "/mcp"
	return m
}

// Seen is the methods that were called, each with the status of its answer.
func (m *MCP) Seen() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.methods...)
}

// Open is how many sessions were begun and not ended.
func (m *MCP) Open() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.sessions)
}

type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		ProtocolVersion string `json:"protocolVersion"`
	} `json:"params"`
}

// ServeHTTP is the server's one endpoint.
func (m *MCP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in message
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, "no JSON", http.StatusBadRequest)
			return
		}
	} else {
		in.Method = r.Method
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	out := &recorder{ResponseWriter: w, status: http.StatusOK}
	m.serve(out, r, in, token)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.methods = append(m.methods, fmt.Sprint(in.Method, " ", out.status))
}

func (m *MCP) serve(w http.ResponseWriter, r *http.Request, in message, token string) {
	session := r.Header.Get("Mcp-Session-Id")
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.Fail != nil && m.Fail(w, in.Method, token):
	case !m.Tokens.Valid(token):
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		http.Error(w, "no good token: "+token, http.StatusUnauthorized)
	case in.Method == "initialize":
		m.serial++
		id := fmt.Sprint("session-", m.serial)
		if m.sessions == nil {
			m.sessions = map[string]bool{}
		}
		m.sessions[id] = true
		w.Header().Set("Mcp-Session-Id", id)
		m.answer(w, in, map[string]any{"protocolVersion": in.Params.ProtocolVersion, "capabilities": map[string]any{"tools": map[string]any{}},
			"serverInfo": map[string]any{"name": "test", "version": "1"}})
	case !m.sessions[session]:
		http.Error(w, "no such session", http.StatusNotFound)
	case in.Method == http.MethodDelete:
		delete(m.sessions, session)
		w.WriteHeader(http.StatusNoContent)
	case in.Method == http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case strings.HasPrefix(in.Method, "notifications/"):
		w.WriteHeader(http.StatusAccepted)
	case in.Method == "tools/list":
		m.answer(w, in, map[string]any{"tools": []any{map[string]any{"name": "whoami", "description": "Says who you are.", "inputSchema": map[string]any{"type": "object"}}}})
	case in.Method == "tools/call":
		m.answer(w, in, map[string]any{"content": []any{map[string]any{"type": "text", "text": "token of " + fmt.Sprint(len(token)) + " characters"}}})
	default:
		m.answer(w, in, nil)
	}
}

// answer answers with a result, or that there is no such method.
func (m *MCP) answer(w http.ResponseWriter, in message, result any) {
	body := map[string]any{"jsonrpc": "2.0", "id": in.ID, "result": result}
	if result == nil {
		delete(body, "result")
		body["error"] = map[string]any{"code": -32601, "message": "no such method"}
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // a defect of the double
	}
	kind, format := "application/json", "%s"
	if m.Events {
		kind, format = "text/event-stream; charset=utf-8", ": hi\r\n\r\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}\n\nid: 7\ndata: %s\n\n"
	}
	w.Header().Set("Content-Type", kind)
	fmt.Fprintf(w, format, text)
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}
