package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// sideBySide calls tools of a server at once.
func sideBySide(t *testing.T, p *Pool, r *remote, tools ...string) (texts []string) {
	t.Helper()
	texts = make([]string, len(tools))
	var wg sync.WaitGroup
	for i, tool := range tools {
		wg.Go(func() {
			res, err := p.Call(t.Context(), "sesn_1", r.one()[0], tool, json.RawMessage(fmt.Sprintf(`{"n":%d}`, i)))
			if texts[i] = fmt.Sprintf("%s", res.Content); err != nil {
				texts[i] = err.Error()
			}
		})
	}
	wg.Wait()
	return texts
}

// meet adds a tool whose calls end when so many are under way.
func (r *remote) meet(n int) {
	var mu sync.Mutex
	came, all := 0, make(chan struct{})
	r.tool("meet", func(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		mu.Lock()
		if came++; came == n {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
			return said("met " + string(req.Params.Arguments)), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
}

// Calls to one server run at the same time over one connection, whatever the
// transport, and each gets its own answer.
func TestCallsSideBySide(t *testing.T) {
	for name := range transports {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, name)
			r.meet(5)
			p := newPool(t)
			for i, text := range sideBySide(t, p, r, slices.Repeat([]string{"meet"}, 5)...) {
				if !strings.Contains(text, fmt.Sprintf(`met {\"n\":%d}`, i)) {
					t.Errorf("call %d: %s", i, text)
				}
			}
			if n := r.count("tools/call"); n != 5 {
				t.Errorf("called %d times", n)
			}
		})
	}
}

// A session that the server has forgotten is begun anew for all calls that
// meet that, and each is made once.
func TestForgottenSessionSideBySide(t *testing.T) {
	r := newRemote(t, "streamable")
	r.meet(5)
	var old atomic.Value
	old.Store("")
	r.intercept(func(w http.ResponseWriter, req *http.Request) {
		id := req.Header.Get("Mcp-Session-Id")
		if methodOf(req) == "server/discover" || id != "" && id == old.Load() {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	p := newPool(t)
	tools(t, p, r.one())
	for _, l := range p.links {
		old.Store(l.conn.session.ID())
	}
	for i, text := range sideBySide(t, p, r, slices.Repeat([]string{"meet"}, 5)...) {
		if !strings.Contains(text, "met") {
			t.Errorf("call %d: %s", i, text)
		}
	}
	if n := r.count("initialize"); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

// What is wrong with one call does not end those beside it.
func TestOneOfSeveralCallsFails(t *testing.T) {
	unwell := map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"404":       {status(404), "answered 404 Not Found."},
		"500":       {status(500), "answered 500 Internal Server Error."},
		"401":       {status(401), "wants a credential"},
		"no answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the connection broke"},
		"half an answer": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(200)
			fmt.Fprint(w, `{"jsonrpc":"2.0","id":`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, "the connection broke"},
		"half a stream": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, "does not speak the protocol"},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(200)
			fmt.Fprint(w, strings.Repeat(" ", 200_000))
		}, "the answer is too large"},
		"a web page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(200)
			fmt.Fprint(w, "<html>")
		}, "its answer is no message of it."},
		"no message": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.WriteHeader(200)
			fmt.Fprint(w, "[]")
		}, "its answer is no message of it."},
		"accepted":  {status(202), "its answer is no message of it."},
		"cancelled": {nil, "context canceled"},
	}
	for _, transport := range []string{"streamable", "stateless"} {
		for name, tt := range unwell {
			t.Run(transport+" "+name, func(t *testing.T) {
				r := newRemote(t, transport)
				came, end := make(chan struct{}, 1), make(chan struct{})
				r.tool("long", func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
					came <- struct{}{}
					<-end
					return said("in the end"), nil
				})
				ctx, cancel := context.WithCancel(t.Context())
				r.intercept(func(w http.ResponseWriter, req *http.Request) {
					body, restore := peek(req)
					restore()
					switch {
					case !strings.Contains(string(body), `"unwell"`):
					case tt.answer != nil:
						tt.answer(w, req)
					default:
						cancel()
						<-req.Context().Done()
						w.WriteHeader(http.StatusGone)
					}
				})
				p := newPool(t, func(c *Config) { c.MaxMessage = 100_000 })
				tools(t, p, r.one())
				text := make(chan string)
				go func() {
					res, err := p.Call(t.Context(), "sesn_1", r.one()[0], "long", nil)
					text <- fmt.Sprintf("%s %v", res.Content, err)
				}()
				<-came
				res, err := p.Call(ctx, "sesn_1", r.one()[0], "unwell", nil)
				if got := fmt.Sprintf("%s %v", res.Content, err); !strings.Contains(got, tt.want) {
					t.Errorf("the call that fails: %s", got)
				}
				if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError {
					t.Errorf("afterwards: %s", text)
				}
				close(end)
				if got := <-text; !strings.Contains(got, "in the end") {
					t.Errorf("the call beside it: %s", got)
				}
			})
		}
	}
}

// A change of the list during a call does it no harm, and is seen afterwards.
func TestListChangesDuringACall(t *testing.T) {
	r := newRemote(t, "streamable")
	came, end := make(chan struct{}), make(chan struct{})
	r.tool("long", func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		close(came)
		<-end
		return said("in the end"), nil
	})
	p := newPool(t)
	tools(t, p, r.one())
	go func() {
		<-came
		r.mcp.RemoveTools("long")
		r.tool("later", func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) { return said("ok"), nil })
		close(end)
	}()
	if text, isError := call(t, p, r.one()[0], "long", `{}`); isError || !strings.Contains(text, "in the end") {
		t.Errorf("got %s", text)
	}
	eventually(t, "the list is the new one", func() bool { return slices.Equal(tools(t, p, r.one()), []string{"echo", "later"}) })
}
