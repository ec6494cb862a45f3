package gov2

import (
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
)

// small is a session with a model that refuses prompts of more than 4000
// tokens.
func small(t testing.TB, c *anthropic.Client) string {
	t.Helper()
	return newSession(t, c, must(c.Beta.Agents.New(ctx(t), anthropic.BetaAgentNewParams{
		Name: "checker", Model: anthropic.BetaManagedAgentsModelConfigParams{ID: "small-window"},
	}))(t))
}

func wordy(times int) anthropic.BetaManagedAgentsEventParamsUnion {
	return message(strings.Repeat("There is no hurry. ", times) + "[script: hello]")
}

func contextCompacted(t testing.TB, c *anthropic.Client) {
	session := small(t, c)
	turn(t, c, session, "", wordy(500))
	events := turn(t, c, session, "", wordy(500))
	compacted, ok := the(t, events, "agent.thread_context_compacted").AsAny().(anthropic.BetaManagedAgentsAgentThreadContextCompactedEvent)
	if !ok || compacted.ID == "" || compacted.ProcessedAt.IsZero() || len(compacted.JSON.ExtraFields) != 0 {
		t.Fatalf("got %s", compacted.RawJSON())
	}
	equal(t, "text", said(events), "Hello, I am a scripted model.")
	var failed []bool
	for _, e := range events {
		if end, ok := e.AsAny().(anthropic.BetaManagedAgentsSpanModelRequestEndEvent); ok {
			failed = append(failed, end.IsError)
		}
	}
	equal(t, "errors of the refused request, the summary and the answer", failed, []bool{true, false, false})
	stored := list(t, c, session, anthropic.BetaSessionEventListParams{Types: []anthropic.BetaManagedAgentsSessionEventType{"agent.thread_context_compacted"}})
	if len(stored) != 1 || stored[0].AsAgentThreadContextCompacted().ID != compacted.ID {
		t.Fatalf("stored are %v", stored)
	}
}

func compactionLimit(t testing.TB, c *anthropic.Client) {
	session := small(t, c)
	turn(t, c, session, "", script("hello"))
	events := turn(t, c, session, "", wordy(2000))
	equal(t, "error", the(t, events, "session.error").AsSessionError().Error.Type, "compaction_limit_reached_error")
	equal(t, "stop reason", last(events).StopReason.Type, "retries_exhausted")
	equal(t, "text of the next turn", said(turn(t, c, session, "", script("hello"))), "Hello, I am a scripted model.")
}
