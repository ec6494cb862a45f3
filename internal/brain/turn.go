package brain

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ostlerdev/ostler/internal/store"
)

// turn drives one session. Only its worker uses it, but for the fields that
// the Brain's lock guards.
type turn struct {
	b       *Brain
	session string
	log     *slog.Logger
	news    chan struct{} // Wake came since the last decision; holds one

	state      *state // nil before the log was read
	generation int64
	begun      time.Time // of the turn under way; zero if another process began it

	again       bool               // guarded: Wake came while running
	interrupted bool               // guarded: Interrupt came since the last decision
	cancel      context.CancelFunc // guarded: stops the current step
}

// next is what a decision says to do.
type next int

const (
	rest     next = iota // nothing until the next Wake
	ask                  // a model request
	compact              // a model request for a summary
	discover             // the tools of MCP servers
	runTools             // the calls that the server runs
	wait                 // until the time of the next attempt
)

var errFenced = errors.New("another process runs this session")

// run goes from step to step until there is nothing to do.
func (t *turn) run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		err := t.steps(ctx)
		switch {
		case err == nil, ctx.Err() != nil:
			return
		case errors.Is(err, store.ErrNotFound), errors.Is(err, errFenced):
			t.state = nil
			return
		}
		// The log couldn't be read or written (a full disk, say). What is
		// cached may be ahead of what is stored.
		t.state = nil
		failures++
		t.log.Error("the turn failed and is tried again", "error", err, "failures", failures)
		pause(ctx, t.b.Backoff(failures))
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (t *turn) steps(ctx context.Context) error {
	do, err := t.commit(ctx, (*step).decide)
	for err == nil && do != rest {
		do, err = t.step(ctx, do)
	}
	return err
}

// step does one thing under a context that Interrupt cancels, and commits it
// with the decision what comes next.
func (t *turn) step(ctx context.Context, do next) (next, error) {
	stepCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	t.b.mu.Lock()
	t.cancel = cancel
	if t.interrupted {
		cancel()
	}
	t.b.mu.Unlock()
	switch do {
	case ask:
		return t.ask(ctx, stepCtx)
	case compact:
		return t.compact(ctx, stepCtx)
	case discover:
		return t.discover(ctx, stepCtx)
	case runTools:
		return t.runTools(ctx, stepCtx)
	default:
		pause(stepCtx, time.UnixMicro(t.state.retryAt).Sub(t.b.Now()))
		return t.commit(ctx, (*step).decide)
	}
}

// commit ends a step with a decision: it is transact, and takes up every wake
// and interrupt that came before.
func (t *turn) commit(ctx context.Context, fn func(*step) (next, error)) (next, error) {
	t.b.mu.Lock()
	t.cancel = nil
	t.interrupted = false
	select {
	case <-t.news:
	default:
	}
	t.b.mu.Unlock()
	return t.transact(ctx, fn)
}

// transact runs fn in a transaction on the session's current state. If it or
// the commit fails, nothing has happened and the cached state is dropped.
func (t *turn) transact(ctx context.Context, fn func(*step) (next, error)) (next, error) {
	var do next
	err := t.b.DB.Update(ctx, func(tx store.Tx) error {
		s, err := store.GetSession(tx, t.session)
		if err != nil {
			return err
		}
		st := &step{t: t, tx: tx, s: s, batch: t.b.Journal.Batch(s)}
		if err := st.load(); err != nil {
			return err
		}
		if do, err = fn(st); err != nil {
			return err
		}
		if err := st.batch.Flush(tx); err != nil {
			return err
		}
		return store.SaveState(tx, s)
	})
	if err != nil {
		t.state = nil
	}
	return do, err
}
