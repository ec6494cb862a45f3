package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

func peek(req *http.Request) ([]byte, func()) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, func() {}
	}
	return body, func() { req.Body = io.NopCloser(bytes.NewReader(body)) }
}

func TestEveryTransport(t *testing.T) {
	for name := range transports {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, name)
			r.tool("add", func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) { return said("added"), nil })
			p := newPool(t)
			if got := tools(t, p, r.one()); !slices.Equal(got, []string{"add", "echo"}) {
				t.Errorf("tools %v", got)
			}
			for range 3 {
				if text, isError := call(t, p, r.one()[0], "echo", `{"a":1}`); text != `[{"type":"text","text":"echo {\"a\":1}"}]` || isError {
					t.Errorf("%s, %v", text, isError)
				}
			}
			tools(t, p, r.one())
			if n := r.count("tools/list"); n != 1 {
				t.Errorf("listed %d times", n)
			}
			// Both of the protocol's greetings, and that again over the older transport.
			if n := r.count("initialize") + r.count("server/discover"); n > 4 || name != "sse" && n > 2 {
				t.Errorf("connected %d times", n)
			}
		})
	}
}

func TestListOfTools(t *testing.T) {
	r := newRemote(t, "streamable")
	for name, schema := range map[string]string{
		"plain":    `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`,
		"alt":      `{"type":"object","anyOf":[{"required":["a"]}],"properties":{"a":{"type":"string"}}}`,
		"draft":    `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","additionalProperties":false}`,
		"badname":  `{"type":"object","properties":{"a b":{"type":"string"}}}`,
		"badtype":  `{"type":"object","required":"a"}`,
		"big":      `{"type":"object","description":"` + strings.Repeat("x", maxSchema) + `"}`,
		"zz_order": `{"type":"object"}`,
	} {
		r.mcp.AddTool(&sdk.Tool{Name: name, Description: strings.Repeat("é", maxDescription), InputSchema: json.RawMessage(schema)},
			func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) { return said(""), nil })
	}
	l := discover(t, newPool(t), r.one())
	if l.Err != nil || l.Skipped != 2 {
		t.Fatalf("%v, %d skipped", l.Err, l.Skipped)
	}
	want := map[string]string{
		"alt":      `{"properties":{"a":{"type":"string"}},"required":["a"],"type":"object"}`,
		"badname":  `{"properties":{"a_b":{"description":"(The server calls it \"a b\".)","type":"string"}},"type":"object"}`,
		"draft":    `{"$schema":"http://json-schema.org/draft-07/schema#","additionalProperties":false,"type":"object"}`,
		"echo":     `{"type":"object"}`,
		"plain":    `{"properties":{"a":{"type":"string"}},"required":["a"],"type":"object"}`,
		"zz_order": `{"type":"object"}`,
	}
	var names []string
	for _, tool := range l.Tools {
		names = append(names, tool.Name)
		if string(tool.InputSchema) != want[tool.Name] {
			t.Errorf("%s: %s", tool.Name, tool.InputSchema)
		}
		if len(tool.Description) > maxDescription+100 || tool.Name == "plain" && !strings.HasSuffix(tool.Description, "é …") {
			t.Errorf("%s: description of %d bytes", tool.Name, len(tool.Description))
		}
	}
	if !slices.Equal(names, []string{"alt", "badname", "draft", "echo", "plain", "zz_order"}) {
		t.Errorf("order %v", names)
	}
}

func TestListChanged(t *testing.T) {
	for _, name := range []string{"streamable", "sse"} {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, name)
			p := newPool(t)
			tools(t, p, r.one())
			r.tool("later", func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) { return said("ok"), nil })
			eventually(t, "the new tool is listed", func() bool { return slices.Contains(tools(t, p, r.one()), "later") })
			if n := r.count("server/discover"); n > 2 {
				t.Errorf("connected %d times", n)
			}
		})
	}
}

// A list that never ends is read up to the limits.
func TestEndlessLists(t *testing.T) {
	for name, tt := range map[string]struct {
		page           func(n int) string
		tools, skipped int
	}{
		"empty pages":   {func(int) string { return `` }, 0, 0},
		"the same tool": {func(int) string { return `{"name":"a","inputSchema":{"type":"object"}}` }, 1, 0},
		"more and more": {func(n int) string {
			var page []string
			for i := range 99 {
				page = append(page, fmt.Sprintf(`{"name":"tool_%d_%d","inputSchema":{"type":"object"}}`, n, i))
			}
			return strings.Join(page, ",")
		}, maxListed, 11*99 - maxListed + 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, "streamable")
			pages := 0
			r.intercept(func(w http.ResponseWriter, req *http.Request) {
				if methodOf(req) != "tools/list" {
					return
				}
				body, _ := peek(req)
				var m struct{ ID json.RawMessage }
				if err := json.Unmarshal(body, &m); err != nil {
					panic(err)
				}
				pages++
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusOK)
				fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"tools":[%s],"nextCursor":"c%d"}}`, m.ID, tt.page(pages), pages)
			})
			l := discover(t, newPool(t, func(c *Config) { c.ConnectTimeout = time.Minute }), r.one())
			if l.Err != nil || len(l.Tools) != tt.tools || l.Skipped != tt.skipped || pages > maxPages {
				t.Errorf("%v, %d tools and %d skipped of %d pages", l.Err, len(l.Tools), l.Skipped, pages)
			}
		})
	}
}

// A server that has no tools, or doesn't know the method, is no failure.
func TestServerWithoutTools(t *testing.T) {
	r := newRemote(t, "streamable")
	r.mcp.RemoveTools("echo")
	if got := tools(t, newPool(t), r.one()); len(got) != 0 {
		t.Errorf("tools %v", got)
	}
}

func TestSessionsAreApart(t *testing.T) {
	r := newRemote(t, "streamable")
	p := newPool(t, func(c *Config) { c.Tokens = anyToken{} })
	for _, session := range []string{"sesn_1", "sesn_2"} {
		if l := p.Discover(t.Context(), session, r.one())[0]; l.Err != nil {
			t.Fatal(l.Err)
		}
	}
	if n := p.size(); n != 2 {
		t.Errorf("%d links", n)
	}
	p.Forget("sesn_1")
	if n := p.size(); n != 1 {
		t.Errorf("%d links of the other session", n)
	}
}

// size is how many links there are.
func (p *Pool) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

type anyToken struct{}

func (anyToken) Token(context.Context, string, string, string) (string, error) { return "", nil }

func TestIdleConnectionsAreClosed(t *testing.T) {
	r := newRemote(t, "sse")
	p := newPool(t, func(c *Config) { c.IdleTimeout = time.Millisecond })
	tools(t, p, r.one())
	eventually(t, "the link is gone", func() bool { return p.size() == 0 })
	if text, _ := call(t, p, r.one()[0], "echo", `{}`); !strings.Contains(text, "echo") {
		t.Errorf("after it: %s", text)
	}
}

// An update of the agent can give a server's name another URL, or remove it.
func TestServersOfASessionChange(t *testing.T) {
	a, b := newRemote(t, "streamable"), newRemote(t, "streamable")
	b.tool("other", func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) { return said("b"), nil })
	p := newPool(t)
	tools(t, p, a.one())
	if got := tools(t, p, b.one()); !slices.Contains(got, "other") {
		t.Errorf("tools %v", got)
	}
	p.Discover(t.Context(), "sesn_1", nil)
	if n := p.size(); n != 0 {
		t.Errorf("%d links", n)
	}
}

func TestClosedPool(t *testing.T) {
	r := newRemote(t, "streamable")
	entered := r.hang(t)
	p := newPool(t)
	tools(t, p, r.one())
	result := make(chan error, 1)
	go func() {
		_, err := p.Call(context.Background(), "sesn_1", r.one()[0], "hang", nil)
		result <- err
	}()
	<-entered
	p.Close()
	var f *Failure
	if err := <-result; !errors.As(err, &f) || !f.Unsure {
		t.Errorf("a call under way: %v", err)
	}
	if l := discover(t, p, r.one()); l.Err == nil {
		t.Error("a closed pool lists")
	}
	if _, err := p.Call(t.Context(), "sesn_1", r.one()[0], "echo", nil); !errors.Is(err, errClosed) {
		t.Errorf("a closed pool calls: %v", err)
	}
}
