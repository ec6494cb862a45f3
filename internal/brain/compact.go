package brain

import (
	"context"
	"net/http"
	"strings"

	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/wire"
)

// A conversation that is about to outgrow the model's context window, or that
// the upstream refused because of its length, is compacted before the next
// request: the model writes a summary of what is past, and from then on is sent
// that in its place (Managed Agents API: events,
// agent.thread_context_compacted). The request of the summary has a span and a
// usage like any other. The log keeps everything; the event's private part has
// what the model is sent, so that every process sends the same.

// compactionOf is the private part of agent.thread_context_compacted.
type compactionOf struct {
	Recap  raw   `json:"recap"`            // the block that begins the conversation now
	System []raw `json:"system,omitempty"` // of the operator's messages, which stay in force
}

const (
	// maxCompactions bounds compactions in a row without a message or a call.
	maxCompactions = 3
	// maxSqueezes bounds requests for one summary, each of half the length of
	// the one before.
	maxSqueezes = 5
)

// crowded decides whether the conversation is compacted before the next model
// request. done tells that the turn has ended instead, since that can't help.
func (st *step) crowded() (compact, done bool, err error) {
	s := st.t.state
	if !s.full {
		_, _, room := st.t.room()
		// A summary of little would come before every request.
		return room > 0 && s.squeezes <= maxSqueezes && st.t.tokens() > room && s.removable() > room/4, false, nil
	}
	if s.removable() > 0 && s.compactions < maxCompactions && s.squeezes <= maxSqueezes {
		return true, false, nil
	}
	if s.compactions+s.squeezes == 0 {
		return false, true, st.giveUp(string(model.KindRequestFailed), "The conversation is too long for the model, and there is nothing in it to compact.")
	}
	return false, true, st.giveUp("compaction_limit_reached_error", "The conversation is too long for the model, and compacting it did not help.")
}

// compact makes the request for a summary that decide opened, and commits its
// outcome.
func (t *turn) compact(ctx, stepCtx context.Context) (next, error) {
	if err := t.resolveFiles(stepCtx); err != nil && stepCtx.Err() == nil {
		return rest, err
	}
	resp, err := t.b.Model.Stream(stepCtx, t.summaryRequest(), nil)
	switch {
	case ctx.Err() != nil:
		return rest, ctx.Err()
	case stepCtx.Err() != nil:
		return t.commit(ctx, (*step).decide)
	case err != nil:
		return t.commit(ctx, func(st *step) (next, error) { return st.failed(err) })
	}
	return t.commit(ctx, func(st *step) (next, error) {
		if err := st.compacted(resp); err != nil {
			return rest, err
		}
		return st.decide()
	})
}

// compacted records a summary. An answer that holds none is asked for again in
// another form.
func (st *step) compacted(resp *model.Response) error {
	st.s.Attempts = 0
	st.count(resp.Usage)
	summary := strings.TrimSpace(plain(texts(resp.Content)))
	if summary == "" || resp.StopReason == "refusal" {
		return st.endSpan(false, usageOf(resp.Usage), wire.Encode(answerOf{Squeeze: true}))
	}
	if resp.CutOff() {
		summary += "\n\n[The summary was cut off here.]"
	}
	if err := st.endSpan(false, usageOf(resp.Usage), nil); err != nil {
		return err
	}
	return st.add(journal.Draft{Type: wire.TypeThreadContextCompacted, Private: wire.Encode(st.t.compaction(summary)),
		Body: wire.Bare{Type: wire.TypeThreadContextCompacted}})
}

// outgrown is the private part of the end of a request that failed because of
// its length, nil for other failures and where nothing can be done about it.
func (st *step) outgrown(e *model.Error) []byte {
	s := st.t.state
	window, _, _ := st.t.room()
	switch {
	case s.compacting && (e.TooLong || e.Status == http.StatusBadRequest && s.squeezes == 0):
		return wire.Encode(answerOf{Squeeze: true, Limit: e.Limit})
	case s.compacting || !e.TooLong:
		return nil
	case s.removable() == 0 && s.compactions == 0:
		if e.Limit == 0 || e.Limit >= window || st.t.tokens() > e.Limit {
			return nil
		}
		return wire.Encode(answerOf{Limit: e.Limit}) // the room for the answer was too large
	}
	limit := e.Limit
	if limit == 0 && e.Status != http.StatusRequestEntityTooLarge {
		limit = st.t.tokens() * 3 / 4 // it said neither tokens nor bytes
	}
	return wire.Encode(answerOf{TooLong: true, Limit: limit})
}

// outgrew takes note of what outgrown has recorded.
func (s *state) outgrew(a answerOf) {
	if a.Limit > 0 {
		s.limit = a.Limit
	}
	if a.Squeeze {
		s.squeezes++
	}
	s.full = s.full || a.TooLong
}

// shrink puts a compaction's outcome in place of what is past.
func (s *state) shrink(c compactionOf) {
	before, after := s.split(s.past)
	s.shed = append(s.shed, urlsOf(withoutRecap(before, s.recap))...)
	s.messages = []model.Message{{Role: "user", Content: []raw{c.Recap}}}
	if len(c.System) > 0 {
		s.append("system", c.System)
	}
	s.past, s.recap = s.end(), 1
	for _, m := range after {
		s.append(m.Role, m.Content)
	}
	s.measured, s.measuredAt = 0, place{}
	s.full, s.squeezes = false, 0
	s.compactions++
}
