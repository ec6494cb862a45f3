package oauth

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/ostlerdev/ostler/internal/wire"
)

// olderServer is a server of the official SDK that has only the older HTTP
// with SSE, and wants a good token. fail may answer in its place.
type olderServer struct {
	*httptest.Server
	mu     sync.Mutex
	tokens []string // of every request
}

func (r *rig) older(refusal int, fail http.HandlerFunc) *olderServer {
	r.t.Helper()
	server := sdk.NewServer(&sdk.Implementation{Name: "older", Version: "1"}, nil)
	sdk.AddTool(server, &sdk.Tool{Name: "look"}, func(context.Context, *sdk.CallToolRequest, struct{}) (*sdk.CallToolResult, any, error) {
		return &sdk.CallToolResult{}, nil, nil
	})
	sse := sdk.NewSSEHandler(func(*http.Request) *sdk.Server { return server }, nil)
	s := &olderServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		token := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
		s.mu.Lock()
		s.tokens = append(s.tokens, token)
		s.mu.Unlock()
		switch {
		case req.Method == http.MethodPost && req.URL.RawQuery == "":
			w.WriteHeader(refusal)
		case fail != nil:
			fail(w, req)
		case !r.server.Valid(token):
			http.Error(w, "no good token: "+token, http.StatusUnauthorized)
		default:
			sse.ServeHTTP(w, req)
		}
	}))
	r.t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	r.save(func(a *wire.MCPOAuth) { a.MCPServerURL = s.URL + "/sse" }, nil)
	return s
}

// streamOf is a stream that names an endpoint and then says more.
func streamOf(endpoint, more string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, ": hi\n\nevent: endpoint\ndata: %s\n\n%s", endpoint, more)
	}
}

func TestValidateOverTheOlderTransport(t *testing.T) {
	for _, refusal := range []int{400, 404, 405} {
		r := newRig(t, time.Hour, nil)
		r.older(refusal, nil)
		n := r.node()
		if got := verdict(validate(t, n)); got != "valid" {
			t.Errorf("%d: got %s", refusal, got)
		}
		r.server.Expire()
		if got := verdict(validate(t, n)); got != "valid, refresh succeeded" {
			t.Errorf("%d, an old token: got %s", refusal, got)
		}
		r.asked(1)
	}
}

func TestVerdictsOverTheOlderTransport(t *testing.T) {
	var stolen []string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		stolen = append(stolen, req.Header.Get("Authorization"))
	}))
	t.Cleanup(thief.Close)
	hello := "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n"
	for name, c := range map[string]struct {
		want    string
		refusal int
		fail    http.HandlerFunc
	}{
		"neither transport":   {"unknown, initialize 404", 404, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }},
		"a page":              {"unknown, initialize 405", 405, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }},
		"no endpoint":         {"unknown, initialize 405", 405, streamOf("", "")},
		"another endpoint":    {"unknown, initialize 405", 405, streamOf(thief.URL+"/messages", hello)},
		"no answer":           {"unknown, initialize", 405, streamOf("/m?s=1", "")},
		"an error":            {"unknown, initialize 200", 405, streamOf("/m?s=1", "data: {\"id\":1,\"error\":{\"code\":-32603,\"message\":\"no\"}}\n\n")},
		"no list":             {"unknown, tools/list", 405, streamOf("/m?s=1", hello)},
		"no method":           {"valid", 405, streamOf("/m?s=1", hello+"data: {\"id\":2,\"error\":{\"code\":-32601,\"message\":\"no\"}}\n\n")},
		"forbidden":           {"invalid, initialize 403", 405, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }},
		"busy, and not older": {"unknown, initialize 503", 503, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Hour, nil)
			r.older(c.refusal, c.fail)
			if got := verdict(validate(t, r.node())); got != c.want {
				t.Errorf("got %s", got)
			}
		})
	}
	if len(stolen) > 0 {
		t.Errorf("another server got %q", stolen)
	}
}

// A message that is refused after the stream was opened says so; the token is
// hidden.
func TestRefusedMessageOverTheOlderTransport(t *testing.T) {
	r := newRig(t, time.Hour, nil)
	s := r.older(405, func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodGet {
			streamOf("/m?s=1", "")(w, req)
			return
		}
		http.Error(w, "not with "+req.Header.Get("Authorization"), http.StatusForbidden)
	})
	v := validate(t, r.node())
	if got := verdict(v); got != "invalid, initialize 403" || !strings.Contains(v.MCPProbe.HTTPResponse.Body, "not with Bearer [redacted]") {
		t.Errorf("got %s, %+v", got, v.MCPProbe.HTTPResponse)
	}
	for _, token := range s.tokens {
		if token != r.access {
			t.Errorf("a request with token %q", token)
		}
	}
}
