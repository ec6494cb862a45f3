package gov2

import (
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
)

// sdkEvent is an event of a stream.
type sdkEvent = anthropic.BetaManagedAgentsStreamSessionEventsUnion

func toolset() anthropic.BetaAgentNewParamsToolUnion {
	return anthropic.BetaAgentNewParamsToolUnion{
		OfAgentToolset20260401: &anthropic.BetaManagedAgentsAgentToolset20260401Params{Type: "agent_toolset_20260401"},
	}
}

func askingToolset() anthropic.BetaAgentNewParamsToolUnion {
	t := toolset()
	t.OfAgentToolset20260401.DefaultConfig.PermissionPolicy.OfAlwaysAsk = &anthropic.BetaManagedAgentsAlwaysAskPolicyParam{Type: "always_ask"}
	return t
}

func weather() anthropic.BetaAgentNewParamsToolUnion {
	return anthropic.BetaAgentNewParamsToolUnion{OfCustom: &anthropic.BetaManagedAgentsCustomToolParams{
		Type: "custom", Name: "get_weather", Description: "Says how the weather is in a city.",
		InputSchema: anthropic.BetaManagedAgentsCustomToolInputSchemaParam{
			Type: "object", Properties: map[string]any{"city": map[string]any{"type": "string"}}, Required: []string{"city"},
		},
	}}
}

func newAgent(t testing.TB, c *anthropic.Client, tools ...anthropic.BetaAgentNewParamsToolUnion) *anthropic.BetaManagedAgentsAgent {
	t.Helper()
	return must(c.Beta.Agents.New(ctx(t), anthropic.BetaAgentNewParams{
		Name: "checker", Model: anthropic.BetaManagedAgentsModelConfigParams{ID: "claude-opus-5-5"}, Tools: tools,
	}))(t)
}

func newEnvironment(t testing.TB, c *anthropic.Client, name string) *anthropic.BetaEnvironment {
	t.Helper()
	return must(c.Beta.Environments.New(ctx(t), anthropic.BetaEnvironmentNewParams{Name: unique(name)}))(t)
}

func newSession(t testing.TB, c *anthropic.Client, agent *anthropic.BetaManagedAgentsAgent, resources ...anthropic.BetaSessionNewParamsResourceUnion) string {
	t.Helper()
	return must(c.Beta.Sessions.New(ctx(t), anthropic.BetaSessionNewParams{
		Agent:         anthropic.BetaSessionNewParamsAgentUnion{OfString: anthropic.String(agent.ID)},
		EnvironmentID: newEnvironment(t, c, "check").ID,
		Resources:     resources,
	}))(t).ID
}

func message(text string) anthropic.BetaManagedAgentsEventParamsUnion {
	return anthropic.BetaManagedAgentsEventParamsUnion{OfUserMessage: &anthropic.BetaManagedAgentsUserMessageEventParams{
		Type: "user.message",
		Content: []anthropic.BetaManagedAgentsUserMessageEventParamsContentUnion{{
			OfText: &anthropic.BetaManagedAgentsTextBlockParam{Type: "text", Text: text},
		}},
	}}
}

// script is a message that tells the model double what to do.
func script(name string) anthropic.BetaManagedAgentsEventParamsUnion {
	return message("Please go ahead. [script: " + name + "]")
}

func send(t testing.TB, c *anthropic.Client, session string, events ...anthropic.BetaManagedAgentsEventParamsUnion) error {
	t.Helper()
	_, err := c.Beta.Sessions.Events.Send(ctx(t), session, anthropic.BetaSessionEventSendParams{Events: events})
	return err
}

// turn opens the stream, sends events and returns what comes until an event of
// the type stop, or until the session is idle.
func turn(t testing.TB, c *anthropic.Client, session, stop string, events ...anthropic.BetaManagedAgentsEventParamsUnion) []sdkEvent {
	t.Helper()
	return turnWith(t, c, session, stop, anthropic.BetaSessionEventStreamParams{}, events...)
}

func turnWith(t testing.TB, c *anthropic.Client, session, stop string, params anthropic.BetaSessionEventStreamParams, events ...anthropic.BetaManagedAgentsEventParamsUnion) []sdkEvent {
	t.Helper()
	stream := c.Beta.Sessions.Events.StreamEvents(ctx(t), session, params)
	defer stream.Close()
	if err := send(t, c, session, events...); err != nil {
		t.Fatal(err)
	}
	var seen []sdkEvent
	for stream.Next() {
		e := stream.Current()
		seen = append(seen, e)
		if e.Type == "session.status_idle" || e.Type == stop {
			return seen
		}
	}
	t.Fatalf("the stream ended after %v: %v", types(seen), stream.Err())
	return nil
}

func types(events []sdkEvent) (out []string) {
	for _, e := range events {
		out = append(out, e.Type)
	}
	return out
}

// the is the one event of a type.
func the(t testing.TB, events []sdkEvent, typ string) sdkEvent {
	t.Helper()
	var found []sdkEvent
	for _, e := range events {
		if e.Type == typ {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d events of type %s in %v", len(found), typ, types(events))
	}
	return found[0]
}

// said is all text of the agent.
func said(events []sdkEvent) string {
	var b strings.Builder
	for _, e := range events {
		if m, ok := e.AsAny().(anthropic.BetaManagedAgentsAgentMessageEvent); ok {
			for _, block := range m.Content {
				b.WriteString(block.Text)
			}
		}
	}
	return b.String()
}

func last(events []sdkEvent) anthropic.BetaManagedAgentsSessionStatusIdleEvent {
	return events[len(events)-1].AsSessionStatusIdle()
}

// pager is what all auto-pagers have in common.
type pager[T any] interface {
	Next() bool
	Current() T
	Err() error
}

func all[T any](t testing.TB, p pager[T]) (out []T) {
	t.Helper()
	for p.Next() {
		out = append(out, p.Current())
	}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func each[T, U any](in []T, f func(T) U) (out []U) {
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}
