package brain

import (
	"context"
	"errors"
	"time"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// ask makes the model request that decide opened, and commits its outcome.
func (t *turn) ask(ctx, stepCtx context.Context) (next, error) {
	if err := t.resolveFiles(stepCtx); err != nil && stepCtx.Err() == nil {
		return rest, err
	}
	p := &preview{t: t, now: time.Now}
	resp, err := t.b.Model.Stream(stepCtx, t.request(), p.delta)
	defer p.end()
	t.linger(stepCtx)
	switch {
	case ctx.Err() != nil: // shutting down: the request is made again at the next start
		return rest, ctx.Err()
	case stepCtx.Err() != nil: // interrupted: decide finds the interrupt
		return t.commit(ctx, (*step).decide)
	case err != nil:
		return t.commit(ctx, func(st *step) (next, error) { return st.failed(err) })
	}
	if !hasToolUse(resp.Content) {
		t.settle(ctx)
	}
	return t.commit(ctx, func(st *step) (next, error) {
		if err := st.record(resp, p.ids); err != nil {
			return rest, err
		}
		if resp.StopReason == "refusal" {
			return st.refused(resp)
		}
		return st.decide()
	})
}

// linger holds back an answer that came at once, see Deps.Linger.
func (t *turn) linger(ctx context.Context) {
	left := t.b.Linger - time.Since(t.begun)
	if left <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	t.b.Journal.AwaitReader(ctx, t.session)
}

// request is the model request of the current state.
func (t *turn) request() model.Request {
	s := t.state
	r := model.Request{
		Model:    s.agent.Model.ID,
		Effort:   s.agent.Model.Effort.Type,
		Speed:    s.agent.Model.Speed,
		System:   systemPrompt(&s.agent, s.tools, s.selfHosted, s.briefs),
		Messages: s.messages,
		Tools:    s.offered(),
	}
	_, r.MaxTokens, _ = t.room()
	if geo := s.agent.Model.InferenceGeo; geo != nil {
		r.Geo = *geo
	}
	return r
}

// settle publishes outputs. A failure costs files, not the turn.
func (t *turn) settle(ctx context.Context) {
	if err := t.b.Hands.Settle(ctx, t.session); err != nil && ctx.Err() == nil {
		t.log.Error("outputs were not published", "error", err)
	}
}

// failed records a failed request: it is made again later, or the turn ends.
func (st *step) failed(cause error) (next, error) {
	e := &model.Error{Kind: model.KindUnknown, Message: cause.Error()}
	errors.As(cause, &e)
	outgrown := st.outgrown(e)
	if err := st.endSpan(true, wire.ModelUsage{}, outgrown); err != nil {
		return rest, err
	}
	// An interrupt that came meanwhile ends the turn in any case.
	if inbox, err := store.Inbox(st.tx, st.s.ID); err != nil {
		return rest, err
	} else if outgrown != nil || queued(inbox, wire.TypeUserInterrupt) {
		return st.decide()
	}
	b := st.t.b
	if !e.Retryable || st.s.Attempts+1 >= b.MaxAttempts {
		return rest, st.giveUp(string(e.Kind), e.Message)
	}
	delay := b.Backoff(st.s.Attempts + 1)
	if e.RetryAfter > 0 {
		delay = min(e.RetryAfter, 5*time.Minute)
	}
	return wait, st.retryLater(string(e.Kind), e.Message, delay)
}

func queued(inbox []store.Queued, typ string) bool {
	for _, q := range inbox {
		if q.Type == typ {
			return true
		}
	}
	return false
}
