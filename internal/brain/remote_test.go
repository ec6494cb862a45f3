package brain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	asking   = `{"type":"mcp_toolset","mcp_server_name":"a"}`
	allowing = `{"type":"mcp_toolset","mcp_server_name":"b","default_config":{"permission_policy":{"type":"always_allow"}}}`
)

func ofServer(server, tool string) modeltest.Reply {
	return modeltest.ToolUse(mcp.ModelName(server, tool), map[string]any{"q": server})
}

// offered is the names of the tools of a model request.
func (h *harness) offered(n int) (names []string) {
	h.t.Helper()
	for _, tool := range h.model.Requests()[n].Tools {
		names = append(names, tool.Name)
	}
	return names
}

// Two servers with a tool of the same name: one asks first, the other runs.
func TestRemoteTools(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", asking, allowing)
	h.model.Queue(modeltest.Thinking("hm").And(ofServer("a", "look")).And(ofServer("b", "look")), modeltest.Text("Seen."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	if !h.row(s).Parked {
		t.Error("the session isn't parked")
	}
	h.until(s, wire.TypeStatusIdle, confirm(h.idOf(s, wire.TypeAgentMCPToolUse, 1), "allow"))
	h.golden(s, "mcp_allowed")
	if got := h.offered(0); !slices.Equal(got, []string{"mcp__a__look", "mcp__b__look"}) {
		t.Errorf("offered %v", got)
	}
	if want := []string{`b https://mcp2.test look {"q":"b"}`, `a https://mcp1.test look {"q":"a"}`}; !slices.Equal(h.remote.calls, want) {
		t.Errorf("calls %q", h.remote.calls)
	}
	if n := h.remote.times(); n != 1 {
		t.Errorf("discovered %d times in a turn", n)
	}
	if len(h.hands.calls) != 0 {
		t.Error("a sandbox was used")
	}
}

func TestRemoteToolDenied(t *testing.T) {
	h := newHarness(t)
	s := h.session("self_hosted", asking)
	h.model.Queue(ofServer("a", "look"), modeltest.Text("Then not."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.until(s, wire.TypeStatusIdle, `{"type":"user.tool_confirmation","tool_use_id":"`+h.idOf(s, wire.TypeAgentMCPToolUse, 1)+`","result":"deny","deny_message":"Rather not."}`)
	h.golden(s, "mcp_denied")
	if len(h.remote.calls) != 0 {
		t.Errorf("calls %v", h.remote.calls)
	}
}

// In a self-hosted environment the server calls MCP tools all the same.
func TestRemoteToolsOfSelfHosted(t *testing.T) {
	h := newHarness(t)
	s := h.session("self_hosted", allowing)
	h.model.Queue(ofServer("b", "look"), modeltest.Text("Seen."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	if len(h.remote.calls) != 1 || h.row(s).Parked {
		t.Errorf("calls %v", h.remote.calls)
	}
}

// What can't be had is told, the turn goes on without it, and the next turn
// tries again. The model's thinking doesn't survive other tools.
func TestRemoteServersFail(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", asking, allowing)
	h.remote.list = func(_ context.Context, server string) ([]mcp.Tool, *mcp.Failure) {
		return nil, &mcp.Failure{Server: server, Auth: server == "b", Message: "No " + server + "."}
	}
	h.model.Queue(modeltest.Thinking("hm").And(modeltest.Text("Without.")), modeltest.Text("With."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.remote.set(func() { h.remote.list = nil })
	h.until(s, wire.TypeStatusIdle, userMessage("again"))
	h.golden(s, "mcp_failed")
	if got := h.offered(0); len(got) != 0 {
		t.Errorf("offered at first %v", got)
	}
	if got := h.offered(1); !slices.Equal(got, []string{"mcp__a__look", "mcp__b__look"}) {
		t.Errorf("offered then %v", got)
	}
}

func TestRemoteCallFails(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", allowing)
	outcomes := []error{
		&mcp.Failure{Server: "b", Unsure: true, Message: "The connection broke."},
		&mcp.Failure{Server: "b", Auth: true, Message: "It wants another token."},
		fmt.Errorf("a fault of ours"),
	}
	n := 0
	h.remote.answer = func(context.Context, string, string) (mcp.Result, error) {
		n++
		return mcp.Result{}, outcomes[n-1]
	}
	h.model.Queue(ofServer("b", "look"), ofServer("b", "look"), ofServer("b", "look"), modeltest.Text("So be it."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.golden(s, "mcp_call_failed")
}

// Tools that are not enabled, or that a server doesn't have, are refused under
// the server's name.
func TestRemoteToolsThatAreNot(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", `{"type":"mcp_toolset","mcp_server_name":"my a","configs":[{"name":"hidden","enabled":false},{"name":"judged","permission_policy":{"type":"auto"}},{"name":"nonesuch"}]}`)
	h.remote.list = func(context.Context, string) ([]mcp.Tool, *mcp.Failure) {
		return []mcp.Tool{{Name: "hidden", InputSchema: look.InputSchema}, {Name: "judged", InputSchema: look.InputSchema}}, nil
	}
	h.model.Queue(
		modeltest.ToolUse("mcp__my_a__hidden", map[string]any{}).And(modeltest.ToolUse("mcp__other__x", map[string]any{})).And(ofServer("my a", "judged")),
		modeltest.Text("Well."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.golden(s, "mcp_not_available")
	if got := h.offered(0); !slices.Equal(got, []string{mcp.ModelName("my a", "judged")}) {
		t.Errorf("offered %v", got)
	}
}

func TestInterruptOfDiscovery(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", asking)
	began := make(chan struct{})
	h.remote.list = func(ctx context.Context, server string) ([]mcp.Tool, *mcp.Failure) {
		close(began)
		<-ctx.Done()
		return nil, &mcp.Failure{Server: server, Message: "Interrupted."}
	}
	h.send(s, userMessage("look"))
	<-began
	h.until(s, wire.TypeStatusIdle, `{"type":"user.interrupt"}`)
	h.golden(s, "mcp_interrupted_discovery")
	h.remote.set(func() { h.remote.list = nil })
	h.model.Queue(modeltest.Text("Hello."))
	h.until(s, wire.TypeStatusIdle, userMessage("hello?"))
	if n := h.remote.times(); n != 2 || len(h.offered(0)) != 1 {
		t.Errorf("discovered %d times, offered %v", n, h.offered(0))
	}
}

// An interrupt ends the call. The turn that follows begins at the call's
// result, so the tools stay until the next one.
func TestInterruptOfRemoteCall(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", allowing)
	began := make(chan struct{})
	h.remote.answer = func(ctx context.Context, _, _ string) (mcp.Result, error) {
		close(began)
		<-ctx.Done()
		return mcp.Result{}, ctx.Err()
	}
	h.model.Queue(modeltest.Thinking("hm").And(ofServer("b", "look")), modeltest.Text("Fine."), modeltest.Text("Other tools."))
	h.send(s, userMessage("look"))
	<-began
	h.until(s, wire.TypeStatusIdle, `{"type":"user.interrupt"}`)
	h.golden(s, "mcp_interrupted_call")
	h.remote.set(func() {
		h.remote.list = func(context.Context, string) ([]mcp.Tool, *mcp.Failure) { return nil, nil }
	})
	h.until(s, wire.TypeStatusIdle, userMessage("go on"))
	h.until(s, wire.TypeStatusIdle, userMessage("and on"))
	if a, b := h.offered(1), h.offered(2); !slices.Equal(a, []string{"mcp__b__look"}) || !slices.Equal(b, []string{"no_tools"}) {
		t.Errorf("offered %v, then %v", a, b)
	}
}

func TestRestartDuringARemoteCall(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", allowing)
	began := make(chan struct{})
	h.remote.answer = func(ctx context.Context, _, _ string) (mcp.Result, error) {
		close(began)
		<-ctx.Done()
		return mcp.Result{}, ctx.Err()
	}
	h.model.Queue(ofServer("b", "look"), modeltest.Text("I look what came of it."))
	h.send(s, userMessage("look"))
	<-began
	h.reopen(s)
	h.golden(s, "mcp_restart")
}

// The log holds the tools: a process that takes over in the middle of a turn
// offers the same and asks nobody.
func TestToolsAreInTheLog(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", asking, allowing)
	h.model.Queue(modeltest.Thinking("hm").And(ofServer("a", "look")), modeltest.Text("Seen."), modeltest.Text("Still there."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.restart()
	h.until(s, wire.TypeStatusIdle, confirm(h.idOf(s, wire.TypeAgentMCPToolUse, 1), "allow"))
	if n := h.remote.times(); n != 1 || len(h.remote.calls) != 1 {
		t.Errorf("discovered %d times, called %v", n, h.remote.calls)
	}
	h.restart()
	h.until(s, wire.TypeStatusIdle, userMessage("still?"))
	if n := h.remote.times(); n != 2 {
		t.Errorf("discovered %d times", n)
	}
	requests := h.model.Requests()
	for _, r := range requests[1:] {
		if fmt.Sprint(r.Tools) != fmt.Sprint(requests[0].Tools) {
			t.Errorf("tools %v", r.Tools)
		}
	}
	if n := len(requests[2].Messages[1].Content); n != 2 { // the same tools: nothing is left out
		t.Errorf("%d blocks of the first answer", n)
	}
}

func TestLargeRemoteResult(t *testing.T) {
	for name, tt := range map[string]struct {
		environment string
		tools       []string
		write       hands.Result
		want        string
	}{
		"sandbox":         {"cloud", []string{builtins, allowing}, said("wrote it"), "is in /tmp/tool-outputs/sevt_"},
		"full sandbox":    {"cloud", []string{builtins, allowing}, hands.Result{IsError: true}, "is not kept"},
		"without a shell": {"cloud", []string{allowing}, hands.Result{}, "is not kept"},
		"self-hosted":     {"self_hosted", []string{builtins, allowing}, hands.Result{}, "is not kept"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			s := h.session(tt.environment, tt.tools...)
			long := strings.Repeat("long ", 30_000)
			image := raw(`{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgowMDAw"}}`)
			h.remote.answer = func(context.Context, string, string) (mcp.Result, error) {
				return mcp.Result{Content: []raw{textBlock(long), image, textBlock("end")}}, nil
			}
			h.hands.run = func(_ context.Context, c hands.Call) (hands.Result, error) {
				if c.Tool != "write" || !strings.Contains(string(c.Input), `long \nend"`) {
					t.Errorf("call of %s", c.Tool)
				}
				return tt.write, nil
			}
			h.model.Queue(ofServer("b", "look"), modeltest.Text("Seen."))
			h.until(s, wire.TypeStatusIdle, userMessage("look"))
			shown := fmt.Sprint(h.model.Requests()[1].Results())
			if !strings.Contains(shown, tt.want) || !strings.Contains(shown, "150004 characters") || len(shown) > 10_000 || !strings.Contains(string(h.model.Requests()[1].Raw), `"image/png"`) {
				t.Errorf("the model sees %.300s… of %d bytes", shown, len(shown))
			}
			if used := len(h.hands.calls) > 0; used != strings.Contains(name, "sandbox") {
				t.Errorf("calls of the sandbox: %v", h.hands.calls)
			}
		})
	}
}

// No agent has more than 256 tools; what is left out is told once.
func TestTooManyRemoteTools(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", weather, asking, allowing)
	h.remote.list = func(_ context.Context, server string) (tools []mcp.Tool, _ *mcp.Failure) {
		for i := range 200 {
			tools = append(tools, mcp.Tool{Name: fmt.Sprintf("%s%03d", server, i), InputSchema: look.InputSchema})
		}
		return tools, nil
	}
	h.model.Queue(modeltest.Text("So many."), modeltest.Text("Still."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.until(s, wire.TypeStatusIdle, userMessage("again"))
	got := h.offered(1)
	if len(got) != 256 || got[0] != "weather" || got[1] != "mcp__a__a000" || got[255] != "mcp__b__b054" {
		t.Errorf("%d tools, from %s to %s", len(got), got[1], got[len(got)-1])
	}
	told := 0
	for _, e := range h.events(s) {
		if strings.Contains(e, `145 tools of the MCP server \"b\" are left out`) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// A parameter whose name models don't take has another one for the model only,
// also in a process that takes over.
func TestRenamedParameters(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", asking)
	h.remote.list = func(context.Context, string) ([]mcp.Tool, *mcp.Failure) {
		return []mcp.Tool{{Name: "look", InputSchema: raw(`{"type":"object","properties":{"a_b":{}}}`), Renamed: map[string]string{"a_b": "a b"}}}, nil
	}
	use := modeltest.ToolUse(mcp.ModelName("a", "look"), map[string]any{"a_b": 1})
	h.model.Queue(use, use, modeltest.Text("Seen."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	h.restart()
	for n := range 2 {
		if n++; !strings.Contains(strings.Join(h.events(s), "\n"), `"input":{"a b":1}`) {
			t.Error("the event has not the server's names")
		}
		h.until(s, wire.TypeStatusIdle, confirm(h.idOf(s, wire.TypeAgentMCPToolUse, n), "allow"))
	}
	if want := `a https://mcp1.test look {"a b":1}`; !slices.Equal(h.remote.calls, []string{want, want}) {
		t.Errorf("calls %q", h.remote.calls)
	}
	if body := string(h.model.Requests()[2].Raw); strings.Count(body, `"input":{"a_b":1}`) != 2 {
		t.Error("the model doesn't see its own calls")
	}
}

// An update of the session's agent is what the next turn works with.
func TestServersAreUpdated(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", asking)
	h.model.Queue(modeltest.Thinking("hm").And(modeltest.Text("One.")), modeltest.Text("Two."), modeltest.Text("None."))
	h.until(s, wire.TypeStatusIdle, userMessage("one"))
	for _, update := range []string{
		`{"agent":{"mcp_servers":[{"type":"url","name":"b","url":"https://other.test"}],"tools":[` + allowing + `]}}`,
		`{"agent":{"mcp_servers":[],"tools":[]}}`,
	} {
		var p wire.UpdateSession
		if err := wire.Decode([]byte(update), &p); err != nil {
			t.Fatal(err)
		}
		if _, err := h.life.Update(t.Context(), s, p); err != nil {
			t.Fatal(err)
		}
		h.until(s, wire.TypeStatusIdle, userMessage("next"))
	}
	if a, b, c := h.offered(0), h.offered(1), h.offered(2); len(a) != 1 || !slices.Equal(b, []string{"mcp__b__look"}) || len(c) != 0 {
		t.Errorf("offered %v, %v, %v", a, b, c)
	}
	if n := h.remote.times(); n != 2 || h.remote.discovered[1][0].URL != "https://other.test" {
		t.Errorf("discovered %v", h.remote.discovered)
	}
}

// A server of which nothing is enabled isn't asked.
func TestServersWithoutEnabledTools(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", `{"type":"mcp_toolset","mcp_server_name":"a","default_config":{"enabled":false}}`)
	h.model.Queue(modeltest.Text("Hello."))
	h.until(s, wire.TypeStatusIdle, userMessage("hi"))
	if n := h.remote.times(); n != 0 {
		t.Errorf("discovered %d times", n)
	}
}

func TestNamesThatClash(t *testing.T) {
	r := remoteTools{}
	known := catalog{{Server: "x", Tools: []mcp.Tool{{Name: "a__b"}}}, {Server: "x__a", Tools: []mcp.Tool{{Name: "b"}}}}
	var names []string
	for _, server := range []string{"x", "x__a"} {
		set := &wire.MCPToolset{MCPServerName: server, DefaultConfig: wire.ToolDefault{Enabled: true, PermissionPolicy: wire.Policy{Type: wire.AlwaysAllow}}}
		for _, tool := range r.add(set, known) {
			names = append(names, tool.Name)
		}
	}
	if len(names) != 2 || names[0] != "mcp__x__a__b" || names[1] != mcp.Distinct("x__a", "b") {
		t.Fatalf("names %v", names)
	}
	for _, tt := range []struct{ name, server, tool string }{
		{names[0], "x", "a__b"}, {names[1], "x__a", "b"}, {"mcp__x__a__c", "x__a", "c"}, {"mcp__x__c", "x", "c"},
	} {
		if server, tool, ok := r.find(tt.name); !ok || server != tt.server || tool.name != tt.tool {
			t.Errorf("%s is %s of %s", tt.name, tool.name, server)
		}
	}
	for _, name := range []string{"mcp__y__c", "mcp__x__", "bash", ""} {
		if server, _, ok := r.find(name); ok {
			t.Errorf("%s is of %s", name, server)
		}
	}
}
