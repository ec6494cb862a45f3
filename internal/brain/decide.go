package brain

import (
	"fmt"
	"time"

	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// decide takes up what the client queued and says what comes next.
func (st *step) decide() (next, error) {
	if st.s.Status == wire.Terminated {
		return rest, nil
	}
	// A request whose answer was not recorded was interrupted.
	if err := st.endSpan(true, wire.ModelUsage{}, nil); err != nil {
		return rest, err
	}
	inbox, err := store.Inbox(st.tx, st.s.ID)
	if err != nil {
		return rest, err
	}
	if inbox, err = st.interrupts(inbox); err != nil {
		return rest, err
	}
	if inbox, err = st.confirmations(inbox); err != nil {
		return rest, err
	}
	if at := st.s.RetryAt; at != nil && st.t.b.Now().UnixMicro() < *at {
		st.t.state.retryAt = *at
		return wait, nil
	}
	state := st.t.state
	if open := state.opened(); len(open) > 0 {
		for _, c := range open {
			if c.awaits == store.AwaitsServer {
				return runTools, st.run()
			}
		}
		return rest, st.park()
	}
	for _, q := range inbox {
		if err := st.take(q); err != nil {
			return rest, err
		}
	}
	if !state.due {
		return rest, st.idle(wire.StopReason{Type: wire.StopEndTurn}, nil)
	}
	return st.request()
}

// request opens a model request.
func (st *step) request() (next, error) {
	if err := st.run(); err != nil {
		return rest, err
	}
	if limit := st.t.b.MaxRounds; st.t.state.rounds >= limit {
		return rest, st.giveUp("tool_use_limit_reached_error", fmt.Sprintf("The turn reached its limit of %d rounds of tool calls.", limit))
	}
	if st.t.state.cuts > maxCuts {
		return rest, st.giveUp(string(model.KindRequestFailed), tooOftenCut)
	}
	if crowded, done, err := st.crowded(); done || err != nil {
		return rest, err
	} else if crowded {
		return compact, st.add(journal.Draft{Type: wire.TypeModelRequestStart, Private: wire.Encode(startOf{Compact: true}), Body: wire.Bare{Type: wire.TypeModelRequestStart}})
	}
	if st.t.state.unlisted && st.found == nil && len(st.t.state.servers()) > 0 {
		return discover, nil
	}
	private, err := st.catalogue()
	if err != nil {
		return rest, err
	}
	return ask, st.add(journal.Draft{Type: wire.TypeModelRequestStart, Private: private, Body: wire.Bare{Type: wire.TypeModelRequestStart}})
}

// take moves a queued event into the log.
func (st *step) take(q store.Queued) error {
	if err := store.Dequeue(st.tx, st.s.ID, q.Pos); err != nil {
		return err
	}
	return st.add(journal.Draft{ID: q.ID, Type: q.Type, Body: journal.Unstamp(q.ID, q.Data)})
}

// interrupts applies queued interrupts: what is running or parked ends, its
// open calls are closed. Everything else stays queued.
func (st *step) interrupts(inbox []store.Queued) ([]store.Queued, error) {
	kept := inbox[:0]
	found := false
	for _, q := range inbox {
		if q.Type != wire.TypeUserInterrupt {
			kept = append(kept, q)
			continue
		}
		found = true
		closed := st.t.state.opened()
		if err := st.take(q); err != nil {
			return nil, err
		}
		for _, c := range closed {
			if err := st.closeCall(c, errorResult(interruptedText)); err != nil {
				return nil, err
			}
		}
	}
	if !found {
		return inbox, nil
	}
	// The calls are void, so are confirmations of them.
	live := kept[:0]
	for _, q := range kept {
		if q.Type == wire.TypeUserToolConfirmation {
			if err := st.take(q); err != nil {
				return nil, err
			}
			continue
		}
		live = append(live, q)
	}
	if state := st.t.state; state.status == wire.Idle && state.parkedOn == 0 {
		return live, nil
	}
	st.s.RetryAt, st.s.Attempts = nil, 0
	return live, st.idle(wire.StopReason{Type: wire.StopEndTurn}, nil)
}

// run makes the session running, if it isn't.
func (st *step) run() error {
	if st.t.state.status == wire.Running {
		return nil
	}
	s := st.s
	st.t.begun = time.Now()
	s.Status, s.Parked, s.RetryAt = wire.Running, false, nil
	if s.RunningSince == nil {
		now := st.t.b.Now().UnixMicro()
		s.RunningSince = &now
	}
	return st.addAll(bare(wire.TypeStatusRunning), st.threadStatus(wire.TypeThreadRunning))
}

// idle makes the session idle, if it isn't.
func (st *step) idle(reason wire.StopReason, details *wire.StopDetails) error {
	s, state := st.s, st.t.state
	st.stopClock()
	s.Status, s.Parked, s.RetryAt = wire.Idle, reason.Type == wire.StopRequiresAction, nil
	if state.status == wire.Idle && !s.Parked && state.parkedOn == 0 {
		return nil
	}
	return st.addAll(
		journal.Draft{Type: wire.TypeThreadIdle, Body: wire.ThreadIdle{Type: wire.TypeThreadIdle, SessionThreadID: s.ThreadID,
			AgentName: st.t.state.agent.Name, StopReason: reason, StopDetails: details}},
		journal.Draft{Type: wire.TypeSessionUsage, Body: wire.UsageEvent{Type: wire.TypeSessionUsage, Usage: s.WireUsage(s.LastAt)}},
		journal.Draft{Type: wire.TypeStatusIdle, Body: wire.StatusIdle{Type: wire.TypeStatusIdle, StopReason: reason, StopDetails: details}},
	)
}

// park makes the session idle until the client answers its open calls. It
// says so again when only some of them were answered.
func (st *step) park() error {
	var ids []string
	for _, c := range st.t.state.opened() {
		ids = append(ids, c.event)
	}
	if len(ids) == st.t.state.parkedOn {
		st.s.Status, st.s.Parked = wire.Idle, true
		return nil
	}
	return st.idle(wire.StopReason{Type: wire.StopRequiresAction, EventIDs: ids}, nil)
}

// stopClock ends the current stretch of running time.
func (st *step) stopClock() {
	if since := st.s.RunningSince; since != nil {
		st.s.Active += max(0, st.t.b.Now().UnixMicro()-*since)
		st.s.RunningSince = nil
	}
}

func (st *step) threadStatus(typ string) journal.Draft {
	return journal.Draft{Type: typ, Body: wire.ThreadStatus{Type: typ, SessionThreadID: st.s.ThreadID, AgentName: st.t.state.agent.Name}}
}

func bare(typ string) journal.Draft { return journal.Draft{Type: typ, Body: wire.Bare{Type: typ}} }

// giveUp ends a turn that can't go on. Queued messages become part of the
// history; they start no turn.
func (st *step) giveUp(kind, message string) error {
	st.t.log.Warn("a turn was given up", "reason", kind, "error", message)
	err := st.add(journal.Draft{Type: wire.TypeSessionError, Body: wire.SessionError{Type: wire.TypeSessionError,
		Error: wire.ErrorBody{Type: kind, Message: message, RetryStatus: wire.RetryStatus{Type: "exhausted"}}}})
	if err != nil {
		return err
	}
	inbox, err := store.Inbox(st.tx, st.s.ID)
	if err != nil {
		return err
	}
	for _, q := range inbox {
		if err := st.take(q); err != nil {
			return err
		}
	}
	st.s.Attempts = 0
	return st.idle(wire.StopReason{Type: wire.StopRetriesExhausted}, nil)
}

// retryLater ends a failed model request that is made again after delay.
func (st *step) retryLater(kind, message string, delay time.Duration) error {
	s := st.s
	s.Attempts++
	at := st.t.b.Now().Add(delay).UnixMicro()
	st.stopClock()
	s.Status, s.RetryAt, st.t.state.retryAt = wire.Rescheduling, &at, at
	return st.addAll(
		journal.Draft{Type: wire.TypeSessionError, Body: wire.SessionError{Type: wire.TypeSessionError,
			Error: wire.ErrorBody{Type: kind, Message: message, RetryStatus: wire.RetryStatus{Type: "retrying"}}}},
		st.threadStatus(wire.TypeThreadRescheduled),
		bare(wire.TypeStatusRescheduled),
	)
}
