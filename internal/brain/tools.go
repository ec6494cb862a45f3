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

// finish records a call's result, and before it what its sandbox lacked.
func (st *step) finish(out outcome) (next, error) {
	for _, n := range out.result.Notices {
		if err := st.add(journal.Draft{Type: wire.TypeSessionError, Body: lack(n)}); err != nil {
			return rest, err
		}
	}
	if st.t.state.findCall(out.call.event) == nil {
		return rest, nil
	}
	st.countWeb(out)
	out.result.Content = st.t.state.roomFor(out.result.Content)
	return rest, st.closeCall(out.call, out.result)
}

// runner is what runs a call. Making it may look at the turn's state, running
// it may not. Whatever happens, it has a result for the model.
func (t *turn) runner(c *call, turn int64) func(context.Context) result {
	switch c.kind {
	case store.CallWeb:
		return t.webCall(c, turn)
	case store.CallMCP:
		return t.remoteCall(c, turn)
	}
	return func(ctx context.Context) result { return t.call(ctx, c, turn) }
}

// call runs a call in the sandbox.
func (t *turn) call(ctx context.Context, c *call, turn int64) result {
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
