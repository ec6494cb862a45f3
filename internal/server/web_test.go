package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

// noDriver makes no sandboxes: the web tools need none.
type noDriver struct{}

func (noDriver) Name() string                        { return "none" }
func (noDriver) Isolation() string                   { return "none" }
func (noDriver) Probe(context.Context, string) error { return nil }
func (noDriver) Sweep(context.Context) error         { return nil }
func (noDriver) Start(context.Context, hands.Spec) (hands.Sandbox, error) {
	return nil, errors.New("no sandbox was expected")
}

// logBuffer is a log that a test may read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func webConfig(t *testing.T, model string, w Web) (Config, *logBuffer) {
	log := new(logBuffer)
	c := config(t.TempDir(), model)
	c.Driver, c.Web, c.Log = noDriver{}, w, slog.New(slog.NewTextHandler(log, nil))
	return c, log
}

// internet serves pages and a SearXNG.
func internet(t *testing.T) *httptest.Server {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/search":
			io.WriteString(w, `{"results":[{"url":"http://site.test/found","title":"Found","content":"What was looked for."}]}`)
		case "/large":
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, strings.Repeat("0123456789", 20_000)+"\nneedle\n")
		case "/astray":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		default:
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<h1>Welcome</h1>")
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestWebTools(t *testing.T) {
	web := internet(t)
	addr := strings.TrimPrefix(web.URL, "http://")
	m := modeltest.New(t)
	c, log := webConfig(t, m.URL, Web{Search: "searxng", SearchURL: web.URL}) // on a loopback address, which the operator said
	c.GateHosts = "site.test=" + addr
	p := serveHere(t, c)
	m.Queue(
		modeltest.ToolUse("web_search", map[string]any{"query": "q"}).
			And(modeltest.ToolUse("web_fetch", map[string]any{"url": "http://site.test/"})).
			And(modeltest.ToolUse("web_fetch", map[string]any{"url": "http://site.test/astray"})).
			And(modeltest.ToolUse("web_fetch", map[string]any{"url": web.URL})),
		modeltest.Text("Read."))
	s := p.session()
	p.say(s, "read")
	events := p.idle(s)
	checkLog(t, events)
	var results []string
	for id, text := range m.Requests()[1].Results() {
		results = append(results, id+text)
	}
	got := strings.Join(results, "\n")
	for _, want := range []string{"# Welcome", "169.254.169.254 is at a cloud metadata address", "127.0.0.1 is at a loopback address"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	if raw := string(m.Requests()[1].Raw); !strings.Contains(raw, `"source":"http://site.test/found","title":"Found"`) {
		t.Errorf("no search result in %s", raw)
	}
	if strings.Contains(log.String(), "not offered") {
		t.Errorf("log %s", log)
	}
}

// TestLargePage finds the rest of a page in the sandbox.
func TestLargePage(t *testing.T) {
	m := modeltest.New(t)
	c := config(t.TempDir(), m.URL)
	c.GateHosts = "site.test=" + strings.TrimPrefix(internet(t).URL, "http://")
	p := serveHere(t, c)
	m.Queue(
		modeltest.ToolUse("web_fetch", map[string]any{"url": "http://site.test/large"}),
		modeltest.ToolUse("bash", map[string]any{"command": "wc -c < /tmp/tool-outputs/*"}).
			And(modeltest.ToolUse("grep", map[string]any{"pattern": "needle", "path": "/tmp/tool-outputs"})),
		modeltest.Text("Found."))
	s := p.session()
	p.say(s, "read")
	checkLog(t, p.idle(s))
	if got := fmt.Sprint(m.Requests()[1].Results()); !strings.Contains(got, "/tmp/tool-outputs/sevt_") || len(got) > 5000 {
		t.Errorf("the page: %.6000s", got)
	}
	if got := fmt.Sprint(m.Requests()[2].Results()); !strings.Contains(got, "200037") || !strings.Contains(got, ":needle") {
		t.Errorf("in the sandbox: %s", got)
	}
}

// TestSearchOfTheUpstream searches by a request to the session's own model.
func TestSearchOfTheUpstream(t *testing.T) {
	m := modeltest.New(t)
	c, _ := webConfig(t, m.URL, Web{Search: "model"})
	p := serveHere(t, c)
	m.Queue(
		modeltest.ToolUse("web_search", map[string]any{"query": "q"}),
		modeltest.Raw(`{"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","url":"https://a.example/","title":"A","encrypted_content":"x"}]}`).And(modeltest.Text("In short.")),
		modeltest.Text("Read."))
	s := p.session()
	p.say(s, "search")
	checkLog(t, p.idle(s))
	if raw := string(m.Requests()[2].Raw); !strings.Contains(raw, `"source":"https://a.example/"`) || !strings.Contains(raw, "In short.") {
		t.Errorf("no search result in %s", raw)
	}
}

// TestWhatIsNotOffered says so in the log at start.
func TestWhatIsNotOffered(t *testing.T) {
	for name, c := range map[string]struct {
		web Web
		log string
		err string
		has string
	}{
		"no search engine": {Web{}, "web_search is not offered to agents: no search engine is set", "", "web_fetch"},
		"no fetch":         {Web{NoFetch: true, Search: "model"}, "web_fetch is not offered to agents: it is switched off", "", "web_search"},
		"no key":           {Web{Search: "brave"}, "", "OSTLER_SEARCH: search provider brave: a key is required", ""},
		"no such engine":   {Web{Search: "yahoo"}, "", "no search provider", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := modeltest.New(t)
			cfg, log := webConfig(t, m.URL, c.web)
			if c.err != "" {
				if s, err := Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("server %v, error %v", s, err)
				}
				return
			}
			p := serveHere(t, cfg)
			m.Queue(modeltest.Text("Hello."))
			s := p.session()
			p.say(s, "hi")
			p.idle(s)
			if got := fmt.Sprint(m.Requests()[0].ToolNames()); !strings.HasSuffix(got, "grep "+c.has+"]") {
				t.Errorf("offered %s", got)
			}
			if !strings.Contains(log.String(), c.log) {
				t.Errorf("log %s", log)
			}
		})
	}
}
