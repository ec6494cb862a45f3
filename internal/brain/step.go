package brain

import (
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// step is one commit of a turn: the transaction, the session's row and the
// events that are being appended. The turn's state is always as of the last
// event added.
type step struct {
	t     *turn
	tx    store.Tx
	s     *store.Session
	batch *journal.Batch
	found []mcp.Listing // what was discovered right before; nil if nothing was
}

// load brings the turn's state up to the end of the log: from the beginning
// if nothing is cached, else by what others have appended meanwhile.
func (st *step) load() error {
	t := st.t
	claimed := t.state == nil
	if !claimed && t.generation != st.s.Generation {
		t.state = nil
		return errFenced
	}
	if claimed {
		t.state = newState()
		st.s.Generation++
		t.generation = st.s.Generation
	}
	if t.state.seq != st.s.LastSeq {
		events, err := store.EventsAfter(st.tx, t.session, t.state.seq)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := t.state.apply(e); err != nil {
				return err
			}
		}
	}
	doc, err := st.s.Doc()
	if err != nil {
		return err
	}
	if t.state.configure(doc, t.b.webTools) {
		if err := st.brief(doc); err != nil {
			return err
		}
	}
	if claimed {
		return st.recover()
	}
	return nil
}

// brief asks for the session's briefs.
func (st *step) brief(doc *store.SessionDoc) error {
	st.t.state.briefs = nil
	for _, b := range st.t.b.Briefs {
		parts, err := b(st.tx, st.s, doc)
		if err != nil {
			return err
		}
		st.t.state.briefs = append(st.t.state.briefs, parts...)
	}
	return nil
}

// add appends an event.
func (st *step) add(d journal.Draft) error {
	return st.t.state.apply(st.batch.Add(d))
}

// addAll appends events in order.
func (st *step) addAll(drafts ...journal.Draft) error {
	for _, d := range drafts {
		if err := st.add(d); err != nil {
			return err
		}
	}
	return nil
}

// recover closes what a process that is gone left open: its model request,
// and calls it may have begun.
func (st *step) recover() error {
	state := st.t.state
	if err := st.endSpan(true, wire.ModelUsage{}, nil); err != nil {
		return err
	}
	for _, c := range state.opened() {
		if c.awaits == store.AwaitsServer {
			err := st.closeCall(c, errorResult("The server restarted while this tool was running. It may or may not have taken effect: check before you run it again."))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// endSpan ends the open model request, if there is one.
func (st *step) endSpan(failed bool, usage wire.ModelUsage, private []byte) error {
	span := st.t.state.span
	if span == "" {
		return nil
	}
	return st.add(journal.Draft{Type: wire.TypeModelRequestEnd, Private: private, Body: wire.ModelRequestEnd{
		Type: wire.TypeModelRequestEnd, ModelRequestStartID: span, IsError: failed, ModelUsage: usage}})
}
