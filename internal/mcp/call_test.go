package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestCallOutcomes(t *testing.T) {
	r := newRemote(t, "streamable")
	r.tool("fails", func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		return &sdk.CallToolResult{IsError: true, Content: []sdk.Content{&sdk.TextContent{Text: "no luck"}}}, nil
	})
	r.tool("breaks", func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		return nil, errors.New("broken inside")
	})
	p := newPool(t)
	for _, tt := range []struct {
		tool, want string
		isError    bool
	}{
		{"echo", `echo {\"x\":\"y\"}`, false},
		{"fails", "no luck", true},
		{"breaks", "broken inside", true},
		{"nonesuch", "nonesuch", true},
	} {
		if text, isError := call(t, p, r.one()[0], tt.tool, `{"x":"y"}`); isError != tt.isError || !strings.Contains(text, tt.want) {
			t.Errorf("%s: %s, %v", tt.tool, text, isError)
		}
	}
	if text, isError := call(t, p, r.one()[0], "echo", ``); isError || !strings.Contains(text, "echo {}") {
		t.Errorf("without input: %s", text)
	}
}

// A session that the server has forgotten is begun anew, and the call is made
// once.
func TestForgottenSession(t *testing.T) {
	for _, code := range []int{http.StatusNotFound, http.StatusBadRequest} {
		r := newRemote(t, "streamable")
		var old atomic.Value
		old.Store("")
		r.intercept(func(w http.ResponseWriter, req *http.Request) {
			id := req.Header.Get("Mcp-Session-Id")
			if methodOf(req) == "server/discover" || id != "" && id == old.Load() {
				w.WriteHeader(code)
			}
		})
		p := newPool(t)
		tools(t, p, r.one())
		for l := range p.links {
			old.Store(p.links[l].conn.session.ID())
		}
		if old.Load() == "" {
			t.Fatal("no session")
		}
		if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError || !strings.Contains(text, "echo") {
			t.Errorf("%d: %s", code, text)
		}
		if n := r.count("initialize"); n != 2 {
			t.Errorf("%d: %d sessions", code, n)
		}
	}
}

// A connection that breaks in the middle of a call leaves it unclear what
// happened; it is not repeated.
func TestCallIsNotRepeated(t *testing.T) {
	r := newRemote(t, "stateless")
	var calls atomic.Int64
	r.intercept(func(w http.ResponseWriter, req *http.Request) {
		if methodOf(req) == "tools/call" {
			calls.Add(1)
			panic(http.ErrAbortHandler)
		}
	})
	p := newPool(t)
	tools(t, p, r.one())
	_, err := p.Call(t.Context(), "sesn_1", r.one()[0], "echo", nil)
	var f *Failure
	if !errors.As(err, &f) || !f.Unsure || f.Auth || !strings.Contains(f.Message, "the connection broke") {
		t.Errorf("got %v", err)
	}
	if calls.Load() != 1 {
		t.Errorf("called %d times", calls.Load())
	}
	r.intercept(nil)
	if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError {
		t.Errorf("afterwards: %s", text)
	}
}

// After its connections broke a server is found again. The call that meets a
// broken one may fail, if it was written to it.
func TestConnectionsBreak(t *testing.T) {
	r := newRemote(t, "streamable")
	p := newPool(t)
	tools(t, p, r.one())
	r.CloseClientConnections()
	var f *Failure
	if _, err := p.Call(t.Context(), "sesn_1", r.one()[0], "echo", nil); err != nil && (!errors.As(err, &f) || !f.Unsure) {
		t.Errorf("got %v", err)
	}
	if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError || !strings.Contains(text, "echo") {
		t.Errorf("got %s", text)
	}
}

func TestSlowCall(t *testing.T) {
	r := newRemote(t, "streamable")
	r.hang(t)
	p := newPool(t, func(c *Config) { c.CallTimeout = 500 * time.Millisecond })
	text, isError := call(t, p, r.one()[0], "hang", `{}`)
	if !isError || !strings.Contains(text, "did not answer within 500ms") {
		t.Errorf("got %s", text)
	}
	if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError {
		t.Errorf("afterwards: %s", text)
	}
}

// A call that tells its progress may take longer.
func TestProgress(t *testing.T) {
	r := newRemote(t, "streamable")
	r.tool("steady", func(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		tick := time.NewTicker(30 * time.Millisecond)
		defer tick.Stop()
		for i := range 20 {
			<-tick.C
			err := req.Session.NotifyProgress(ctx, &sdk.ProgressNotificationParams{ProgressToken: req.Params.GetProgressToken(), Progress: float64(i)})
			if err != nil {
				return nil, err
			}
		}
		return said("done"), nil
	})
	p := newPool(t, func(c *Config) { c.CallTimeout = 400 * time.Millisecond })
	if text, isError := call(t, p, r.one()[0], "steady", `{}`); isError || !strings.Contains(text, "done") {
		t.Errorf("got %s", text)
	}
}

func TestCallIsCancelled(t *testing.T) {
	r := newRemote(t, "streamable")
	entered := r.hang(t)
	p := newPool(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	if _, err := p.Call(ctx, "sesn_1", r.one()[0], "hang", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	eventually(t, "the server is told", func() bool { return r.count("notifications/cancelled") == 1 })
	if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError {
		t.Errorf("afterwards: %s", text)
	}
}

func TestHugeResult(t *testing.T) {
	for _, transport := range []string{"streamable", "stateless", "sse"} {
		t.Run(transport, func(t *testing.T) {
			r := newRemote(t, transport)
			r.tool("huge", func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
				return said(strings.Repeat("x", 300_000)), nil
			})
			p := newPool(t, func(c *Config) { c.MaxMessage = 100_000 })
			r2, err := p.Call(t.Context(), "sesn_1", r.one()[0], "huge", nil)
			if err == nil && !r2.IsError || err != nil && !strings.Contains(err.Error(), "too large") && transport != "sse" {
				t.Errorf("got %.100s, %v", r2.Content, err)
			}
			if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError {
				t.Errorf("afterwards: %s", text)
			}
		})
	}
}

// A server may not ask anything of this side.
func TestNothingIsOfferedToServers(t *testing.T) {
	r := newRemote(t, "streamable")
	r.intercept(func(w http.ResponseWriter, req *http.Request) {
		if methodOf(req) == "server/discover" {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	refused := make(chan error, 1)
	r.tool("asks", func(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		_, err := req.Session.Elicit(ctx, &sdk.ElicitParams{Message: "your password?", RequestedSchema: json.RawMessage(`{"type":"object"}`)})
		refused <- err
		c := req.Session.InitializeParams().Capabilities
		if c.Sampling != nil || c.Elicitation != nil || c.RootsV2 != nil {
			t.Errorf("offered %+v", c)
		}
		return said("asked"), nil
	})
	if text, isError := call(t, newPool(t), r.one()[0], "asks", `{}`); isError {
		t.Error(text)
	}
	if err := <-refused; err == nil {
		t.Error("an elicitation was answered")
	}
}

// A tool may want parameters in headers, also over a connection that nothing
// was listed on.
func TestParametersInHeaders(t *testing.T) {
	r := newRemote(t, "stateless")
	r.mcp.AddTool(&sdk.Tool{Name: "routed", InputSchema: json.RawMessage(`{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}`)},
		func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) { return said("routed"), nil })
	var region atomic.Value
	region.Store("")
	r.intercept(func(_ http.ResponseWriter, req *http.Request) {
		if v := req.Header.Get("Mcp-Param-Region"); v != "" {
			region.Store(v)
		}
	})
	if text, isError := call(t, newPool(t), r.one()[0], "routed", `{"region":"north"}`); isError || region.Load() != "north" {
		t.Errorf("%s, header %q", text, region.Load())
	}
}
