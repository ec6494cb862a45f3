package brain

import (
	"context"
	"errors"
	"fmt"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// outcome is a finished call.
type outcome struct {
	call   *call
	result result
}

// runTools runs the calls that the server runs: in the model's order, but
// those next to each other that only read run side by side. Each result is
// committed when it comes, the last one with the decision what comes next.
func (t *turn) runTools(ctx, stepCtx context.Context) (next, error) {
	var todo []*call
	for _, c := range t.state.opened() {
		if c.awaits == store.AwaitsServer {
			todo = append(todo, c)
		}
	}
	for len(todo) > 0 {
		n := 1
		for n < len(todo) && todo[0].readOnly() && todo[n].readOnly() {
			n++
		}
		group, finished, at := todo[:n], make(chan outcome, n), t.state.turn
		todo = todo[n:]
		for _, c := range group {
			run := t.runner(c, at, n)
			go func() { finished <- outcome{c, run(stepCtx)} }()
		}
		for i := range group {
			out := <-finished
			if ctx.Err() != nil {
				for range group[i+1:] {
					<-finished
				}
				return rest, ctx.Err()
			}
			last := len(todo) == 0 && i == len(group)-1
			if last {
				t.settle(ctx)
			}
			do, err := t.commit(ctx, func(st *step) (next, error) { return st.finish(out, last) })
			if err != nil {
				for range group[i+1:] {
					<-finished
				}
				return rest, err
			}
			if last {
				return do, nil
			}
		}
	}
	return t.commit(ctx, (*step).decide)
}

// finish records a call's result, and before it what its sandbox lacked.
func (st *step) finish(out outcome, last bool) (next, error) {
	for _, n := range out.result.Notices {
		if err := st.add(journal.Draft{Type: wire.TypeSessionError, Body: lack(n)}); err != nil {
			return rest, err
		}
	}
	if st.t.state.findCall(out.call.event) != nil {
		st.countWeb(out)
		if err := st.closeCall(out.call, out.result); err != nil {
			return rest, err
		}
	}
	if !last {
		return rest, nil
	}
	return st.decide()
}

// readOnly tells whether the call may run beside others.
func (c *call) readOnly() bool {
	switch c.name {
	case "read", "glob", "grep":
		return c.kind == store.CallTool
	}
	return c.kind == store.CallWeb
}

// runner is what runs a call, one of n side by side. Making it may look at the
// turn's state, running it may not.
func (t *turn) runner(c *call, turn int64, n int) func(context.Context) result {
	if c.kind == store.CallWeb {
		return t.webCall(c, turn, n)
	}
	return func(ctx context.Context) result { return t.call(ctx, c, turn) }
}

// call runs one call. Whatever happens, it has a result for the model.
func (t *turn) call(ctx context.Context, c *call, turn int64) result {
	if c.kind == store.CallMCP {
		return t.callRemote(ctx, c, turn)
	}
	r, err := t.b.Hands.Run(ctx, t.session, hands.Call{ID: c.event, Tool: c.name, Input: c.input, Turn: turn})
	if err != nil {
		notices := r.Notices
		r = t.failedCall(ctx, c, err)
		r.Notices = notices
	}
	return r
}

// failedCall is the result of a call that the sandbox has none of.
func (t *turn) failedCall(ctx context.Context, c *call, err error) result {
	switch {
	case ctx.Err() != nil:
		return errorResult(interruptedText)
	case errors.Is(err, hands.ErrLost):
		t.log.Warn("a sandbox was lost", "error", err)
		return errorResult("The sandbox was lost while this tool was running, with its processes and everything outside /workspace and /mnt/session. It may or may not have taken effect. The next call gets a new sandbox.")
	}
	t.log.Error("a tool could not be run", "tool", c.name, "error", err)
	return errorResult(fmt.Sprintf("The sandbox is not available: %v", err))
}

// lack is the session.error of something that a session goes on without.
func lack(n hands.Notice) wire.SessionError {
	e := wire.ErrorBody{Type: n.Kind, Message: n.Message, RetryStatus: wire.RetryStatus{Type: "retrying"}}
	if n.RepositoryURL != "" {
		e.RepositoryURL = &n.RepositoryURL
	}
	if n.MCPServerName != "" {
		e.MCPServerName = &n.MCPServerName
	}
	return wire.SessionError{Type: wire.TypeSessionError, Error: e}
}
