package brain

import (
	"context"

	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// maxSide is how many calls of a session run side by side.
const maxSide = 8

// shift is the calls that run in one step of a turn. What changes the sandbox
// (bash, write, edit) runs alone and in its place among the calls of the
// model's answer, everything else side by side.
type shift struct {
	t        *turn
	ctx      context.Context // ends with an interrupt
	running  map[string]*call
	finished chan outcome // has room for all that run
}

// outcome is a finished call.
type outcome struct {
	call   *call
	result result
}

// begin starts the calls that may run now, in the model's order.
func (s *shift) begin() {
	for _, c := range s.t.state.opened() {
		if c.awaits != store.AwaitsServer || s.running[c.event] != nil {
			continue
		}
		if s.ctx.Err() != nil || !s.fits(c) {
			return
		}
		s.running[c.event] = c
		run := s.t.runner(c, s.t.state.turn)
		go func() { s.finished <- outcome{c, run(s.ctx)} }()
	}
}

// fits tells whether a call may run beside those that do.
func (s *shift) fits(c *call) bool {
	for _, r := range s.running {
		if r.alone() {
			return false
		}
	}
	return len(s.running) == 0 || len(s.running) < maxSide && !c.alone()
}

// last tells whether nothing runs any more after a call that is finished.
func (s *shift) last(finished *call) bool {
	if s.ctx.Err() == nil {
		for _, c := range s.t.state.opened() {
			if c.awaits == store.AwaitsServer && c.event != finished.event {
				return false
			}
		}
	}
	return len(s.running) == 0
}

// end waits for the calls that run. Nobody wants their results any more.
func (s *shift) end() {
	for range s.running {
		<-s.finished
	}
}

// alone tells whether nothing may run beside the call.
func (c *call) alone() bool {
	switch c.name {
	case "read", "glob", "grep":
		return false
	}
	return c.kind == store.CallTool
}

// runTools runs the calls that the server runs. Each result is committed when
// it comes, the last one with the decision what comes next. Calls that the
// client allows meanwhile run, too.
func (t *turn) runTools(ctx, stepCtx context.Context) (next, error) {
	runCtx, cancel := context.WithCancel(stepCtx)
	s := &shift{t: t, ctx: runCtx, running: map[string]*call{}, finished: make(chan outcome, maxSide)}
	defer s.end()
	defer cancel()
	for {
		s.begin()
		if len(s.running) == 0 { // an interrupt came first
			return t.commit(ctx, (*step).decide)
		}
		var err error
		select {
		case out := <-s.finished:
			delete(s.running, out.call.event)
			if ctx.Err() != nil {
				return rest, ctx.Err()
			}
			if s.last(out.call) {
				t.settle(ctx)
				return t.commit(ctx, func(st *step) (next, error) {
					if _, err := st.finish(out); err != nil {
						return rest, err
					}
					return st.decide()
				})
			}
			_, err = t.transact(ctx, func(st *step) (next, error) { return st.finish(out) })
		case <-t.news:
			_, err = t.transact(ctx, (*step).answers)
		}
		if err != nil {
			return rest, err
		}
	}
}

// answers takes up what the client says to calls while others run. If it is an
// interrupt, that ends those first, and all else has its time after it.
func (st *step) answers() (next, error) {
	inbox, err := store.Inbox(st.tx, st.s.ID)
	if err != nil || queued(inbox, wire.TypeUserInterrupt) {
		return rest, err
	}
	_, err = st.confirmations(inbox)
	return rest, err
}
