package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/web/domain"
	"github.com/ostlerdev/ostler/internal/web/fetch"
	"github.com/ostlerdev/ostler/internal/web/search"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const pdf = "%PDF-1.4\n%%EOF\n"

// engine answers what a test says.
type engine struct {
	answer search.Answer
	err    error
	asked  search.Query
}

func (*engine) Name() string               { return "engine" }
func (*engine) Serves(modelID string) bool { return modelID != "plain" }
func (e *engine) Search(_ context.Context, q search.Query) (search.Answer, error) {
	e.asked = q
	return e.answer, e.err
}

// rig is a Service over http://site.test and http://other.test, which are one
// server, and an engine.
type rig struct {
	*Service
	engine *engine
	log    strings.Builder
}

func newRig(t *testing.T) *rig {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/pdf":
			w.Header().Set("Content-Type", "application/pdf")
			io.WriteString(w, pdf)
		case "/png":
			w.Header().Set("Content-Type", "image/png")
			io.WriteString(w, "\x89PNG\r\n\x1a\n")
		case "/to-other":
			http.Redirect(w, r, "http://other.test/", http.StatusFound)
		case "/empty":
			w.Header().Set("Content-Type", "text/plain")
		case "/long":
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, strings.Repeat("ü", 1000))
		case "/endless":
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, strings.Repeat("x", 5000))
		default:
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<title>T</title><p>Hello from "+r.Host)
		}
	}))
	addr := strings.TrimPrefix(srv.URL, "http://")
	names, err := dial.ParseNames("site.test=" + addr + ",other.test=" + addr)
	if err != nil {
		t.Fatal(err)
	}
	client := fetch.New(&dial.Dialer{Names: names}, fetch.Limits{Text: 4000})
	t.Cleanup(func() {
		client.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	r := &rig{engine: &engine{}}
	r.Service = New(Config{Fetcher: client, Search: r.engine, Log: slog.New(slog.NewTextHandler(&r.log, nil)),
		Reads: func(id string) (bool, bool) { return id != "blind", id == "reader" }})
	return r
}

func fetchOf(url string, change ...func(*Call)) Call {
	c := Call{Tool: Fetch, Input: json.RawMessage(fmt.Sprintf(`{"url":%q}`, url)), Model: "reader", Room: 1 << 20,
		Config: wire.AgentToolConfig{WebFetchSettings: &wire.WebFetchSettings{}}}
	for _, f := range change {
		f(&c)
	}
	return c
}

func text(r hands.Result) string {
	var b strings.Builder
	for _, c := range r.Content {
		b.Write(c)
	}
	return b.String()
}

func TestFetch(t *testing.T) {
	allow := func(d ...string) func(*Call) { return func(c *Call) { c.Config.AllowedDomains = d } }
	block := func(d ...string) func(*Call) { return func(c *Call) { c.Config.BlockedDomains = d } }
	modelID := func(id string) func(*Call) { return func(c *Call) { c.Model = id } }
	tokens := func(n int64) func(*Call) { return func(c *Call) { c.Config.MaxContentTokens = &n } }
	room := func(n int64) func(*Call) { return func(c *Call) { c.Room = n } }
	seen := func(urls ...string) func(*Call) {
		return func(c *Call) {
			c.Seen = domain.Seen{}
			for _, u := range urls {
				c.Seen.Add(u)
			}
		}
	}
	input := func(in string) func(*Call) { return func(c *Call) { c.Input = json.RawMessage(in) } }
	for name, c := range map[string]struct {
		call  Call
		want  string // part of the content
		fails bool
	}{
		"a page":                      {fetchOf("http://site.test/"), `"text":"Title: T\nURL: http://site.test/\n\nHello from site.test"`, false},
		"an empty page":               {fetchOf("http://site.test/empty"), `(The page has no text.)`, false},
		"a page that goes on":         {fetchOf("http://site.test/endless"), `[The page goes on. Only its first 4000 bytes were read.]`, false},
		"few tokens":                  {fetchOf("http://site.test/long", tokens(2)), `\n\nüüüüüüüü\n\n[The page goes on. It was cut to the agent's max_content_tokens.]`, false},
		"enough tokens":               {fetchOf("http://site.test/long", tokens(250)), strings.Repeat("ü", 1000) + `"`, false},
		"tokens don't cut documents":  {fetchOf("http://site.test/pdf", tokens(1)), `"media_type":"application/pdf"`, false},
		"a PDF":                       {fetchOf("http://site.test/pdf"), `{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjQKJSVFT0YK"},"title":"http://site.test/pdf"}`, false},
		"a PDF nobody reads":          {fetchOf("http://site.test/pdf", modelID("plain")), "unsupported_content_type", true},
		"an image":                    {fetchOf("http://site.test/png", modelID("plain")), `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}`, false},
		"an image nobody sees":        {fetchOf("http://site.test/png", modelID("blind")), "unsupported_content_type", true},
		"a PDF without room":          {fetchOf("http://site.test/pdf", room(8)), "content_too_large", true},
		"no room at all":              {fetchOf("http://site.test/pdf", room(-5)), "content_too_large", true},
		"text needs no room":          {fetchOf("http://site.test/", room(0)), "Hello", false},
		"an allowed domain":           {fetchOf("http://site.test/", allow("site.test")), "Hello", false},
		"a domain not allowed":        {fetchOf("http://site.test/", allow("other.test")), "url_not_allowed: the agent's settings don't allow site.test", true},
		"a blocked domain":            {fetchOf("http://site.test/", block("test")), "url_not_allowed", true},
		"a redirect off the list":     {fetchOf("http://site.test/to-other", allow("site.test")), "url_not_allowed: the agent's settings don't allow other.test", true},
		"a redirect to a blocked one": {fetchOf("http://site.test/to-other", block("other.test")), "url_not_allowed", true},
		"a redirect":                  {fetchOf("http://site.test/to-other"), "URL: http://other.test/", false},
		"a URL that was seen":         {fetchOf("http://site.test/#x", seen("http://site.test")), "Hello", false},
		"a URL that was not":          {fetchOf("http://site.test/?q=secret", seen("http://site.test")), "url_not_allowed: url_not_in_prior_context", true},
		"a redirect of a URL seen":    {fetchOf("http://site.test/to-other", seen("http://site.test/to-other")), "Hello from other.test", false},
		"metadata":                    {fetchOf("http://169.254.169.254/"), "url_not_allowed", true},
		"a file":                      {fetchOf("file:///etc/passwd"), "invalid_tool_input", true},
		"no URL":                      {fetchOf("", input(`{}`)), "invalid_tool_input: url is required", true},
		"another type":                {fetchOf("", input(`{"url":7}`)), "invalid_tool_input", true},
		"no settings":                 {fetchOf("http://site.test/", func(c *Call) { c.Config = wire.AgentToolConfig{} }), "Hello", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := newRig(t).Run(t.Context(), c.call)
			if !strings.Contains(text(got), c.want) || got.IsError != c.fails {
				t.Errorf("error %v: %s", got.IsError, text(got))
			}
			if c.fails && (len(got.Content) != 1 || !strings.HasPrefix(text(got), `{"type":"text","text":"`)) {
				t.Errorf("an error that isn't one text: %s", text(got))
			}
		})
	}
}

func searchOf(input string, change ...func(*Call)) Call {
	c := Call{Tool: Search, Input: json.RawMessage(input), Model: "reader", Config: wire.AgentToolConfig{WebSearchSettings: &wire.WebSearchSettings{}}}
	for _, f := range change {
		f(&c)
	}
	return c
}

func TestSearch(t *testing.T) {
	r := newRig(t)
	r.engine.answer = search.Answer{Summary: "In short.", Results: []search.Result{
		{URL: "https://a.test/docs/1", Title: "A", Text: "About a."}, {URL: "https://a.test/blog", Title: "Blog"}, {URL: "https://b.test/", Title: "B", Text: "About b."}}}
	city := "Ulm"
	got := r.Run(t.Context(), searchOf(`{"query":" q "}`, func(c *Call) {
		c.Config.AllowedDomains = []string{"a.test/docs"}
		c.Config.UserLocation = &wire.UserLocation{Type: "approximate", City: &city}
	}))
	want := `{"type":"search_result","source":"https://a.test/docs/1","title":"A","content":[{"type":"text","text":"About a."}],"citations":{"enabled":false}}` +
		`{"type":"text","text":"In short."}`
	if got.IsError || text(got) != want {
		t.Errorf("%s", text(got))
	}
	if q := r.engine.asked; q.Text != "q" || q.Model != "reader" || *q.Location.City != "Ulm" || q.Domains.Allowed[0] != "a.test/docs" {
		t.Errorf("asked %+v", q)
	}
	r.engine.answer = search.Answer{}
	if got := r.Run(t.Context(), searchOf(`{"query":"https://a.test/"}`)); got.IsError || text(got) != `{"type":"text","text":"No results."}` {
		t.Errorf("nothing was found: %s", text(got))
	}
}

func TestSearchFailures(t *testing.T) {
	for name, c := range map[string]struct {
		call Call
		err  error
		want string
		logs bool
	}{
		"no query":        {searchOf(`{"query":" "}`), nil, "invalid_tool_input: query is required", false},
		"another type":    {searchOf(`[]`), nil, "invalid_tool_input", false},
		"a long query":    {searchOf(`{"query":"` + strings.Repeat("x", 2001) + `"}`), nil, "query_too_long", false},
		"to be told":      {searchOf(`{"query":"q"}`), &search.Error{Code: "too_many_requests", Text: "wait"}, "too_many_requests: wait", false},
		"to be kept back": {searchOf(`{"query":"q"}`), errors.New("no route to 10.0.0.7"), "unavailable", true},
		"a model without": {searchOf(`{"query":"q"}`, func(c *Call) { c.Model = "plain" }), nil, "unavailable", false},
		"another tool":    {Call{Tool: "bash"}, nil, "unavailable", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.engine.err = c.err
			got := r.Run(t.Context(), c.call)
			if !got.IsError || !strings.Contains(text(got), c.want) || strings.Contains(text(got), "10.0.0.7") {
				t.Errorf("%s", text(got))
			}
			if logged := strings.Contains(r.log.String(), "10.0.0.7"); logged != c.logs {
				t.Errorf("log %q", r.log.String())
			}
		})
	}
}

func TestTools(t *testing.T) {
	names := func(s *Service, modelID string) (out string) {
		for _, tool := range s.Tools(modelID) {
			if !json.Valid(tool.InputSchema) || !Is(tool.Name) {
				t.Errorf("tool %+v", tool)
			}
			out += tool.Name + " "
		}
		return out
	}
	r := newRig(t)
	if got := names(r.Service, "reader"); got != "web_fetch web_search " {
		t.Errorf("offered %s", got)
	}
	if got := names(r.Service, "plain"); got != "web_fetch " {
		t.Errorf("offered to a model without search %s", got)
	}
	if got := names(New(Config{}), "reader"); got != "" {
		t.Errorf("offered by nothing %s", got)
	}
	if got := New(Config{}).Run(t.Context(), fetchOf("http://site.test/")); !got.IsError {
		t.Error("fetched without a fetcher")
	}
}
