package gov2

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go/v2"
)

func eventID(e anthropic.BetaManagedAgentsSessionEventUnion) string { return e.ID }

func list(t testing.TB, c *anthropic.Client, session string, params anthropic.BetaSessionEventListParams) []anthropic.BetaManagedAgentsSessionEventUnion {
	t.Helper()
	return all(t, c.Beta.Sessions.Events.ListAutoPaging(ctx(t), session, params))
}

func plainTurn(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c))
	events := turn(t, c, session, "", script("hello"))
	equal(t, "said", said(events), "Hello, I am a scripted model.")
	equal(t, "stop reason", last(events).StopReason.Type, "end_turn")
	for _, typ := range []string{"user.message", "session.status_running", "span.model_request_start", "span.model_request_end"} {
		the(t, events, typ)
	}
	stored := list(t, c, session, anthropic.BetaSessionEventListParams{})
	streamed := each(events, func(e sdkEvent) string { return e.ID })
	kept := slices.DeleteFunc(each(stored, eventID), func(id string) bool { return !slices.Contains(streamed, id) })
	equal(t, "the list has what was streamed", kept, streamed)
	if !slices.IsSortedFunc(stored, func(a, b anthropic.BetaManagedAgentsSessionEventUnion) int {
		return a.ProcessedAt.Compare(b.ProcessedAt)
	}) {
		t.Fatal("processed_at goes back")
	}
}

func eventsPageThrough(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c))
	turn(t, c, session, "", script("think"))
	everything := each(list(t, c, session, anthropic.BetaSessionEventListParams{}), eventID)
	equal(t, "two to a page", each(list(t, c, session, anthropic.BetaSessionEventListParams{Limit: anthropic.Int(2)}), eventID), everything)
	slices.Reverse(everything)
	equal(t, "backwards", each(list(t, c, session, anthropic.BetaSessionEventListParams{Limit: anthropic.Int(3), Order: "desc"}), eventID), everything)
}

func serverRunsBash(t testing.TB, c *anthropic.Client) {
	events := turn(t, c, newSession(t, c, newAgent(t, c, toolset())), "", script("bash"))
	use, result := the(t, events, "agent.tool_use").AsAgentToolUse(), the(t, events, "agent.tool_result").AsAgentToolResult()
	equal(t, "tool_use_id", result.ToolUseID, use.ID)
	equal(t, "said", said(events), "The command printed: out-42")
}

func customTool(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c, weather()))
	events := turn(t, c, session, "", script("weather"))
	use := the(t, events, "agent.custom_tool_use").AsAgentCustomToolUse()
	equal(t, "input", use.Input, map[string]any{"city": "Oslo"})
	equal(t, "waits for", last(events).StopReason.AsRequiresAction().EventIDs, []string{use.ID})
	refused(t, send(t, c, session, message("hurry")), 400, "invalid_request_error")
	result := anthropic.BetaManagedAgentsEventParamsUnion{OfUserCustomToolResult: &anthropic.BetaManagedAgentsUserCustomToolResultEventParams{
		Type: "user.custom_tool_result", CustomToolUseID: use.ID,
		Content: []anthropic.BetaManagedAgentsUserCustomToolResultEventParamsContentUnion{{
			OfText: &anthropic.BetaManagedAgentsTextBlockParam{Type: "text", Text: "rain"},
		}},
	}}
	equal(t, "said", said(turn(t, c, session, "", result)), "The tool says: rain")
	refused(t, send(t, c, session, result), 400, "invalid_request_error")
}

func confirm(use, deny string) anthropic.BetaManagedAgentsEventParamsUnion {
	p := &anthropic.BetaManagedAgentsUserToolConfirmationEventParams{Type: "user.tool_confirmation", ToolUseID: use, Result: "allow"}
	if deny != "" {
		p.Result, p.DenyMessage = "deny", anthropic.String(deny)
	}
	return anthropic.BetaManagedAgentsEventParamsUnion{OfUserToolConfirmation: p}
}

func confirmationAllows(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c, askingToolset()))
	events := turn(t, c, session, "", script("bash"))
	use := the(t, events, "agent.tool_use").AsAgentToolUse()
	equal(t, "permission", string(use.EvaluatedPermission), "ask")
	equal(t, "waits for", last(events).StopReason.AsRequiresAction().EventIDs, []string{use.ID})
	equal(t, "said", said(turn(t, c, session, "", confirm(use.ID, ""))), "The command printed: out-42")
}

func confirmationDenies(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c, askingToolset()))
	use := the(t, turn(t, c, session, "", script("bash")), "agent.tool_use")
	events := turn(t, c, session, "", confirm(use.ID, "Not on a Friday."))
	equal(t, "is_error", the(t, events, "agent.tool_result").IsError, true)
	if !strings.Contains(said(events), "Not on a Friday.") {
		t.Fatal(said(events))
	}
}

func interrupt(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c))
	turn(t, c, session, "span.model_request_start", script("hang"))
	events := turn(t, c, session, "", anthropic.BetaManagedAgentsEventParamsUnion{
		OfUserInterrupt: &anthropic.BetaManagedAgentsUserInterruptEventParams{Type: "user.interrupt"},
	})
	the(t, events, "user.interrupt")
	equal(t, "stop reason", last(events).StopReason.Type, "end_turn")
	equal(t, "goes on", said(turn(t, c, session, "", script("hello"))), "Hello, I am a scripted model.")
}

func modelError(t testing.TB, c *anthropic.Client) {
	events := turn(t, c, newSession(t, c, newAgent(t, c)), "", script("error"))
	equal(t, "error", the(t, events, "session.error").AsSessionError().Error.Type, "model_request_failed_error")
	equal(t, "stop reason", last(events).StopReason.Type, "retries_exhausted")
}

func previews(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c))
	events := turnWith(t, c, session, "", anthropic.BetaSessionEventStreamParams{EventDeltas: []anthropic.BetaManagedAgentsDeltaType{"agent.message"}}, script("long"))
	preview := ""
	for _, e := range events {
		if d, ok := e.AsAny().(anthropic.BetaManagedAgentsDeltaEvent); ok {
			preview += d.Delta.Content.Text
		}
	}
	if preview == "" || !strings.HasPrefix(said(events), preview) {
		t.Fatalf("preview %q", preview)
	}
}

func toolRunner(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c, weather()))
	if err := send(t, c, session, script("two-weathers")); err != nil {
		t.Fatal(err)
	}
	idle := 200 * time.Millisecond
	runner := c.Beta.Sessions.Events.NewToolRunner(ctx(t), session, anthropic.SessionToolRunnerOptions{Tools: []anthropic.BetaTool{weatherTool{}}, MaxIdle: &idle})
	defer runner.Close()
	calls := 0
	for runner.Next() {
		equal(t, "posted", runner.Current().Posted, true)
		calls++
	}
	if err := runner.Err(); !errors.Is(err, anthropic.ErrIdleTimeout) {
		t.Fatalf("the runner ended with %v", err)
	}
	equal(t, "calls", calls, 2)
	events := list(t, c, session, anthropic.BetaSessionEventListParams{Types: []anthropic.BetaManagedAgentsSessionEventType{"agent.message"}})
	equal(t, "said", events[len(events)-1].AsAgentMessage().Content[0].Text, "Both tools say: sun | sun")
}

// weatherTool is a tool that the runner calls by itself.
type weatherTool struct{}

func (weatherTool) Name() string        { return "get_weather" }
func (weatherTool) Description() string { return "Says how the weather is in a city." }
func (weatherTool) InputSchema() anthropic.BetaToolInputSchemaParam {
	return anthropic.BetaToolInputSchemaParam{}
}

func (weatherTool) Execute(context.Context, json.RawMessage) ([]anthropic.BetaToolResultBlockParamContentUnion, error) {
	return []anthropic.BetaToolResultBlockParamContentUnion{{OfText: &anthropic.BetaTextBlockParam{Text: "sun"}}}, nil
}

func threadsOfASession(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c))
	turn(t, c, session, "", script("hello"))
	threads := all(t, c.Beta.Sessions.Threads.ListAutoPaging(ctx(t), session, anthropic.BetaSessionThreadListParams{}))
	equal(t, "threads", len(threads), 1)
	got := must(c.Beta.Sessions.Threads.Get(ctx(t), threads[0].ID, anthropic.BetaSessionThreadGetParams{SessionID: session}))(t)
	equal(t, "status", string(got.Status), "idle")
	equal(t, "parent", got.JSON.ParentThreadID.Raw(), "null")
}
