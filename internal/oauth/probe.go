package oauth

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	stepTime     = 10 * time.Second // for each step of a probe
	leaveTime    = 2 * time.Second
	maxStep      = 8 << 20 // bytes of a step's answer
	maxRedirects = 5

	protocol   = "2025-06-18" // of MCP; a server answers with the one it prefers
	methodInit = "initialize"
	methodList = "tools/list"
	noMethod   = -32601 // JSON-RPC: the method is unknown
)

// probe is a short visit to an MCP server, to see what it says to a token.
type probe struct {
	client     *http.Client
	url, token string
	scrub      scrubber

	session, version string // as the server gave them
}

// step is a step of a probe that failed.
type step struct {
	wire.MCPProbe
	status int // 0: no answer came
}

// refused says whether the server refused the token; nil didn't.
func (s *step) refused() bool {
	return s != nil && (s.status == http.StatusUnauthorized || s.status == http.StatusForbidden)
}

// run is nil if every step passed. A server that answers as one which knows
// only the older HTTP with SSE is asked over that (MCP specification,
// transports, "Backwards Compatibility").
func (p *probe) run(ctx context.Context) *step {
	failed := p.visit(ctx, p.call)
	p.leave(ctx)
	if failed != nil && failed.Method == methodInit && failed.older() {
		if second, ok := p.visitOlder(ctx); ok {
			return second
		}
	}
	return failed
}

// visit makes the steps of a probe, each with a call.
func (p *probe) visit(ctx context.Context, call func(ctx context.Context, method, message string) (jsontext.Value, *step)) *step {
	result, failed := call(ctx, methodInit, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"`+protocol+
		`","capabilities":{},"clientInfo":{"name":"ostler","version":"1"}}}`)
	if failed != nil {
		return failed
	}
	var init struct {
		ProtocolVersion string `json:"protocolVersion"`
	}
	if json.Unmarshal(result, &init) == nil && sendable(init.ProtocolVersion) {
		p.version = init.ProtocolVersion
	}
	if _, failed := call(ctx, "notifications/initialized", `{"jsonrpc":"2.0","method":"notifications/initialized"}`); failed != nil {
		return failed
	}
	_, failed = call(ctx, methodList, `{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}`)
	return failed
}

// leave ends the session at the server, which may not care.
func (p *probe) leave(ctx context.Context) {
	if p.session == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if res, err := p.send(ctx, http.MethodDelete, p.url, ""); err == nil {
		_ = res.Body.Close() // nothing depends on it
	}
}

func (p *probe) send(ctx context.Context, method, url, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	h := req.Header
	h.Set("Authorization", "Bearer "+p.token)
	h.Set("Accept", "application/json, text/event-stream")
	if body != "" {
		h.Set("Content-Type", "application/json")
	}
	if p.session != "" {
		h.Set("Mcp-Session-Id", p.session)
	}
	if p.version != "" {
		h.Set("MCP-Protocol-Version", p.version)
	}
	return p.client.Do(req)
}

// call sends a message and reads the result of the answer to it. A
// notification has none.
func (p *probe) call(ctx context.Context, method, message string) (jsontext.Value, *step) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	failed := &step{MCPProbe: wire.MCPProbe{Method: method}}
	res, err := p.send(ctx, http.MethodPost, p.url, message)
	if err != nil {
		return nil, failed
	}
	defer res.Body.Close()
	if id := res.Header.Get("Mcp-Session-Id"); method == methodInit && id != "" {
		p.session = id
	}
	if res.StatusCode/100 == 2 && !wanted(method) {
		return nil, nil
	}
	body, err := p.body(res)
	if err != nil && len(body) == 0 {
		return nil, failed
	}
	if res.StatusCode/100 == 2 {
		if result, ok := resultOf(method, body); ok {
			return result, nil
		}
	}
	failed.status, failed.HTTPResponse = res.StatusCode, p.scrub.response(res, body)
	return nil, failed
}

// body is an answer's message: all of it, or that of the first event that
// answers a request.
func (p *probe) body(res *http.Response) ([]byte, error) {
	in := io.LimitReader(res.Body, maxStep)
	if kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";"); res.StatusCode/100 != 2 || !strings.EqualFold(strings.TrimSpace(kind), "text/event-stream") {
		return io.ReadAll(in)
	}
	return newEvents(in).answer()
}

// wanted tells whether a message of a method gets an answer.
func wanted(method string) bool { return !strings.HasPrefix(method, "notifications/") }

// resultOf is the result that an answer to a method has, and whether it is a
// good one.
func resultOf(method string, body []byte) (jsontext.Value, bool) {
	var answer struct {
		Result jsontext.Value `json:"result"`
		Error  struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	ok := json.Unmarshal(body, &answer) == nil && (answer.Result != nil || method == methodList && answer.Error.Code == noMethod)
	return answer.Result, ok
}

// sameServer follows redirects that stay with scheme, host and port, for the
// token goes with them.
func sameServer(req *http.Request, via []*http.Request) error {
	first := via[0]
	if len(via) > maxRedirects || req.URL.Scheme != first.URL.Scheme || req.URL.Host != first.URL.Host || req.Method != first.Method {
		return http.ErrUseLastResponse
	}
	return nil
}
