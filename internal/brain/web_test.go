package brain

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/web"
	"github.com/ostlerdev/ostler/internal/web/fetch"
	"github.com/ostlerdev/ostler/internal/web/search"
	"github.com/ostlerdev/ostler/internal/wire"
)

const smallPDF = "%PDF-1.4\n%%EOF\n"

// engine finds the same pages whatever is asked.
type engine struct{}

func (engine) Name() string       { return "engine" }
func (engine) Serves(string) bool { return true }
func (engine) Search(context.Context, search.Query) (search.Answer, error) {
	return search.Answer{Results: []search.Result{
		{URL: "http://site.test/found", Title: "Found", Text: "It mentions http://site.test/mentioned."},
		{URL: "http://blocked.test/", Title: "Blocked", Text: "Nothing to see."},
	}}, nil
}

// withWeb gives a harness the web tools, over a site.test that serves h.
func withWeb(t *testing.T, h http.HandlerFunc) func(*Deps) {
	srv := httptest.NewServer(h)
	names, err := dial.ParseNames("site.test=" + strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fetcher := fetch.New(&dial.Dialer{Names: names}, fetch.Limits{})
	t.Cleanup(func() {
		fetcher.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return func(d *Deps) {
		d.Web = web.New(web.Config{Fetcher: fetcher, Search: engine{}, Log: d.Log,
			Reads: func(string) (bool, bool) { return true, true }})
	}
}

// pages serves /NAME.html, /NAME.pdf and /large.
func pages(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, ".pdf"):
		w.Header().Set("Content-Type", "application/pdf")
		io.WriteString(w, smallPDF)
	case r.URL.Path == "/large":
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, strings.Repeat("0123456789", 20_000)+"end")
	default:
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<title>Page</title><p>This is %s, see <a href="/linked">there</a>.`, r.URL.Path)
	}
}

func fetchCall(path string) modeltest.Reply {
	return modeltest.ToolUse("web_fetch", map[string]any{"url": "http://site.test/" + path})
}

func searchCall() modeltest.Reply {
	return modeltest.ToolUse("web_search", map[string]any{"query": "http://site.test/queried"})
}

func TestWebTurn(t *testing.T) {
	h := newHarness(t, withWeb(t, pages))
	s := h.session("cloud", `{"type":"agent_toolset_20260401","configs":[{"name":"web_search","blocked_domains":["blocked.test"]}]}`)
	for _, call := range []modeltest.Reply{
		searchCall(), fetchCall("a.html"), fetchCall("b.pdf"),
		modeltest.ToolUse("web_fetch", map[string]any{"url": "http://169.254.169.254/"}),
	} {
		h.model.Queue(call)
	}
	h.model.Queue(modeltest.Text("Read."))
	h.until(s, wire.TypeStatusIdle, userMessage("read"))
	h.golden(s, "web")
	if got := strings.Join(h.model.Requests()[0].ToolNames(), " "); got != "bash read write edit glob grep web_fetch web_search" {
		t.Errorf("offered %s", got)
	}
	if len(h.hands.calls) != 0 {
		t.Errorf("the sandbox ran %v", h.hands.calls)
	}
}

// TestWebBesideOthers has two pages wait for each other, and for a file that is
// being read.
func TestWebBesideOthers(t *testing.T) {
	all := make(chan struct{})
	arrived := make(chan struct{}, 3)
	go func() {
		defer close(all)
		for range 3 {
			<-arrived
		}
	}()
	h := newHarness(t, withWeb(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-all
		pages(w, r)
	}))
	h.hands.run = func(context.Context, hands.Call) (hands.Result, error) {
		arrived <- struct{}{}
		<-all
		return said("text"), nil
	}
	s := h.session("cloud", builtins)
	h.model.Queue(fetchCall("a").And(fetchCall("b")).And(modeltest.ToolUse("read", map[string]any{"file_path": "c"})), modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("read"))
	if n := len(h.model.Requests()[1].Results()); n != 3 {
		t.Errorf("%d results", n)
	}
}

func TestWebWhereTheClientRunsTools(t *testing.T) {
	h := newHarness(t, withWeb(t, pages))
	s := h.session("self_hosted", `{"type":"agent_toolset_20260401","configs":[{"name":"web_search","permission_policy":{"type":"always_ask"}}]}`)
	h.model.Queue(
		fetchCall("large").And(modeltest.ToolUse("bash", map[string]any{"command": "ls"})).And(searchCall()),
		modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	fetched, bash, searched := h.idOf(s, wire.TypeAgentToolUse, 1), h.idOf(s, wire.TypeAgentToolUse, 2), h.idOf(s, wire.TypeAgentToolUse, 3)
	answer := `{"type":"user.tool_result","tool_use_id":%q,"content":[]}`
	for _, id := range []string{fetched, searched} {
		if err := h.trySend(s, fmt.Sprintf(answer, id)); err == nil {
			t.Errorf("the client answered a call of the server's, %s", id)
		}
	}
	h.until(s, wire.TypeStatusIdle, fmt.Sprintf(answer, bash))
	h.until(s, wire.TypeAgentMessage, confirm(searched, "allow"))
	log := strings.Join(h.events(s), "\n")
	if n := strings.Count(log, `"agent.tool_result"`); n != 2 || !strings.Contains(log, `"search_result"`) {
		t.Errorf("%d results of the server in\n%.3000s", n, log)
	}
	for _, text := range h.model.Requests()[1].Results() {
		if len(text) > 110_000 || len(text) > 1000 && !strings.HasSuffix(text, "[Cut off: the whole is too long.]") {
			t.Errorf("%d characters, …%s", len(text), text[len(text)-50:])
		}
	}
}

func TestLargePage(t *testing.T) {
	h := newHarness(t, withWeb(t, pages))
	s := h.session("cloud", builtins)
	h.model.Queue(fetchCall("large"), modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("read"))
	use := h.idOf(s, wire.TypeAgentToolUse, 1)
	path := "/tmp/tool-outputs/" + use + ".txt"
	if len(h.hands.calls) != 1 || h.hands.calls[0].Tool != "write" || !strings.Contains(string(h.hands.calls[0].Input), path) || len(h.hands.calls[0].Input) < 200_000 {
		t.Fatalf("calls %.300v", h.hands.calls)
	}
	for _, text := range h.model.Requests()[1].Results() {
		if len(text) > 5000 || !strings.Contains(text, path) || !strings.HasSuffix(text, "end") {
			t.Errorf("the model sees %.3000q", text)
		}
	}
	h.hands.run = func(context.Context, hands.Call) (hands.Result, error) { return hands.Result{}, hands.ErrLost }
	h.model.Queue(fetchCall("large"), modeltest.Text("Done."))
	h.until(s, wire.TypeStatusIdle, userMessage("again"))
	for _, text := range h.model.Requests()[3].Results() {
		if n := len(text); n < hands.LargeResult || n > hands.LargeResult+100 {
			t.Errorf("without a sandbox the model sees %d characters", n)
		}
	}
}

func TestWebIsOffered(t *testing.T) {
	only := `{"type":"agent_toolset_20260401","default_config":{"enabled":false},"configs":[{"name":"web_fetch","enabled":true}]}`
	h := newHarness(t, withWeb(t, pages))
	s := h.session("cloud", only)
	h.model.Queue(searchCall(), modeltest.Text("No."))
	h.until(s, wire.TypeStatusIdle, userMessage("search"))
	req := h.model.Requests()[1]
	if got := req.ToolNames(); len(got) != 1 || got[0] != "web_fetch" {
		t.Errorf("offered %v", got)
	}
	if strings.Contains(req.System.Text(), "sandbox") {
		t.Error("an agent without sandbox tools is told of a sandbox")
	}
	if got := fmt.Sprint(req.Results()); !strings.Contains(got, "The tool web_search is not available.") {
		t.Errorf("results %s", got)
	}
}

func TestNoWeb(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", builtins)
	h.model.Queue(fetchCall("a"), modeltest.Text("No."))
	h.until(s, wire.TypeStatusIdle, userMessage("read"))
	req := h.model.Requests()[1]
	if got := fmt.Sprint(req.ToolNames(), req.Results()); strings.Contains(got, "[web_") || !strings.Contains(got, "not available") {
		t.Error(got)
	}
}

func TestInterruptedFetch(t *testing.T) {
	started := make(chan struct{})
	h := newHarness(t, withWeb(t, func(_ http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
	}))
	s := h.session("cloud", builtins)
	h.model.Queue(fetchCall("a"))
	h.send(s, userMessage("read"))
	<-started
	h.until(s, wire.TypeStatusIdle, `{"type":"user.interrupt"}`)
	if log := strings.Join(h.events(s), "\n"); !strings.Contains(log, interruptedText) {
		t.Error(log)
	}
}

// TestRestartInFetch kills the server while a page comes.
func TestRestartInFetch(t *testing.T) {
	started := make(chan struct{}, 1)
	h := newHarness(t, withWeb(t, func(_ http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
	}))
	s := h.session("self_hosted", builtins)
	h.model.Queue(fetchCall("a"), modeltest.Text("Then not."))
	h.send(s, userMessage("read"))
	<-started
	h.restart()
	h.until(s, wire.TypeStatusIdle)
	if got := fmt.Sprint(h.model.Requests()[1].Results()); !strings.Contains(got, "The server restarted") {
		t.Errorf("results %s", got)
	}
}

func TestRoomForDocuments(t *testing.T) {
	h := newHarness(t, withWeb(t, pages), window(0))
	s := h.session("cloud", builtins)
	big := fmt.Sprintf(`{"type":"user.message","content":[{"type":"text","text":%q}]}`, strings.Repeat("x", maxBinary))
	h.model.Queue(fetchCall("a.pdf"), modeltest.Text("No."))
	h.until(s, wire.TypeStatusIdle, big)
	if got := fmt.Sprint(h.model.Requests()[1].Results()); !strings.Contains(got, "content_too_large") {
		t.Errorf("results %s", got)
	}
}

// TestWebIsSwitchedOff restarts the server with fewer tools and then with all
// again. What the model thought with other tools must not go back to it.
func TestWebIsSwitchedOff(t *testing.T) {
	h := newHarness(t, withWeb(t, pages))
	s := h.session("cloud", builtins)
	answer := func(text string) modeltest.Reply {
		return modeltest.Thinking("about " + text).And(modeltest.Text(text))
	}
	all := h.deps.Web
	for i, tools := range []Web{all, nil, all, all} {
		h.deps.Web = tools
		h.restart()
		h.model.Queue(answer(fmt.Sprint("first ", i)), answer(fmt.Sprint("second ", i)))
		h.until(s, wire.TypeStatusIdle, userMessage("one"))
		h.until(s, wire.TypeStatusIdle, userMessage("two"))
	}
	requests := h.model.Requests()
	if n := strings.Count(string(requests[len(requests)-1].Raw), `"type":"thinking"`); len(requests) != 8 || n != 3 {
		t.Errorf("%d requests, %d thoughts in the last", len(requests), n)
	}
}
