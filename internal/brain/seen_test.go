package brain

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/wire"
)

// TestURLSources fetches a URL that only one source has shown.
func TestURLSources(t *testing.T) {
	for name, c := range map[string]struct {
		sources string   // of web_fetch
		may     []string // paths that may be fetched
		not     []string
	}{
		"unset": {`null`, []string{"asked", "invented"}, nil},
		"every source": {`{"user_input":"all"}`,
			[]string{"asked", "document", "custom", "found", "mentioned", "linked"}, []string{"invented", "queried", "bash", "refused", "system"}},
		"no user input":      {`{"user_input":"none"}`, []string{"custom", "found"}, []string{"asked", "document"}},
		"no custom tools":    {`{"client_tool_results":"none"}`, []string{"asked", "found"}, []string{"custom"}},
		"one custom tool":    {`{"client_tool_results":{"type":"only","tools":[{"type":"tool_reference","name":"weather"}]}}`, []string{"custom"}, nil},
		"other tools":        {`{"client_tool_results":{"type":"except","tools":[{"type":"tool_reference","name":"weather"}]}}`, []string{"asked"}, []string{"custom"}},
		"no server tools":    {`{"server_tool_results":"none"}`, []string{"asked"}, []string{"found", "mentioned", "linked"}},
		"search only":        {`{"server_tool_results":{"type":"only","tools":[{"type":"tool_reference","name":"web_search"}]}}`, []string{"found", "mentioned"}, []string{"linked"}},
		"all but the search": {`{"server_tool_results":{"type":"except","tools":[{"type":"tool_reference","name":"web_search"}]}}`, []string{"linked"}, []string{"found"}},
	} {
		check := func(t *testing.T, compactions int) {
			h := newHarness(t, withWeb(t, pages))
			s := h.session("cloud", `{"type":"agent_toolset_20260401","configs":[{"name":"web_fetch","url_sources":`+c.sources+`}]}`, weather)
			h.upload("file_1", "text/plain", "See http://site.test/document.")
			h.show(s)
			for range compactions { // the summary is no source
				h.model.Queue(modeltest.Text("Well.").Stop(model.WindowExceeded), modeltest.Text("Perhaps http://site.test/invented is worth a look."), modeltest.Text("Well."))
				h.until(s, wire.TypeStatusIdle, userMessage("What else?"))
			}
			for _, path := range c.may {
				if got := h.fetchOnce(s, path); !strings.Contains(got, "This is /"+path) {
					t.Errorf("%s is refused: %s", path, got)
				}
			}
			for _, path := range c.not {
				if got := h.fetchOnce(s, path); !strings.Contains(got, "url_not_allowed") {
					t.Errorf("%s is fetched: %s", path, got)
				}
			}
			if n := h.count(s, wire.TypeThreadContextCompacted); n != compactions {
				t.Errorf("compacted %d times", n)
			}
		}
		t.Run(name, func(t *testing.T) { check(t, 0) })
		t.Run(name+", compacted twice", func(t *testing.T) { check(t, 2) })
	}
}

// show has every source show its URLs: http://site.test/asked in a message,
// /document in a file, /custom, /bash, /found and /mentioned in results, /linked
// in the page /asked, and /refused in an error. The system message is no source.
func (h *harness) show(session string) {
	h.t.Helper()
	h.hands.run = func(context.Context, hands.Call) (hands.Result, error) { return said("http://site.test/bash"), nil }
	h.model.Queue(
		modeltest.ToolUse("weather", map[string]any{}).And(modeltest.ToolUse("bash", map[string]any{"command": "curl"})).And(searchCall()).
			And(fetchCall("asked")).And(modeltest.ToolUse("web_fetch", map[string]any{"url": "file://site.test/refused"})),
		modeltest.Text("Shown."))
	h.until(session, wire.TypeStatusIdle,
		`{"type":"user.message","content":[{"type":"text","text":"Read http://site.test/asked, please."},{"type":"document","source":{"type":"file","file_id":"file_1"}}]}`,
		`{"type":"system.message","content":[{"type":"text","text":"http://site.test/system"}]}`)
	h.until(session, wire.TypeStatusIdle, customResult(h.idOf(session, wire.TypeAgentCustomToolUse, 1), "http://site.test/custom"))
}

// fetchOnce has the model fetch a page and answers what it saw.
func (h *harness) fetchOnce(session, path string) string {
	h.t.Helper()
	h.model.Queue(fetchCall(path), modeltest.Text("ok"))
	h.until(session, wire.TypeStatusIdle, userMessage("next"))
	requests := h.model.Requests()
	return fmt.Sprint(requests[len(requests)-1].Results())
}
