// Package journal is the session log: append-only, ordered per session,
// written before it is shown.
//
// Promises: an event is encoded once, and those bytes are stored, listed and
// streamed. processed_at grows strictly along a session's log (microseconds).
// A subscription gets, in log order, every event that is committed after
// Subscribe returned; a reader that subscribes first and lists then sees no
// gap. A reader that falls behind is cut off and never waited for.
//
// The package may import store, wire, ids and fault.
package journal

import (
	"time"

	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Journal appends to session logs and tells subscribers.
type Journal struct {
	ids ids.Source
	now func() time.Time
	hub hub
}

// New makes a journal whose ids and times come from the arguments.
func New(source ids.Source, now func() time.Time) *Journal {
	return &Journal{ids: source, now: now, hub: hub{sessions: map[string]*topic{}, awaited: map[string]map[chan struct{}]bool{}}}
}

// Draft is an event to be appended. Body is the event without id and
// processed_at; its JSON begins with its type.
type Draft struct {
	ID      string // "" gets a new one
	Type    string
	Body    any    // a wire type, or the JSON as []byte
	Private []byte // what only the turn may read
}

// NewID makes the id of an event that is announced before it is appended.
func (j *Journal) NewID() string { return j.ids.New(ids.Event) }

// Batch is events on their way to the log of one session, in one transaction.
type Batch struct {
	j      *Journal
	s      *store.Session
	events []store.Event
}

// Batch begins a batch for the log of s.
func (j *Journal) Batch(s *store.Session) *Batch { return &Batch{j: j, s: s} }

// Add stamps an event of the primary thread and counts it in the session's
// state. It is written by Flush.
func (b *Batch) Add(d Draft) store.Event {
	s := b.s
	s.LastSeq++
	s.LastAt = max(b.j.now().UnixMicro(), s.LastAt+1)
	s.UpdatedAt = s.LastAt
	if d.ID == "" {
		d.ID = b.j.NewID()
	}
	e := store.Event{
		Seq: s.LastSeq, ID: d.ID, ThreadID: s.ThreadID, Type: d.Type, ProcessedAt: s.LastAt,
		Data: Stamp(d.ID, body(d.Body), s.LastAt), Private: d.Private,
	}
	b.events = append(b.events, e)
	return e
}

// Flush writes the batch. The caller saves the session's state in the same
// transaction. Subscribers are told once it has committed.
func (b *Batch) Flush(tx store.Tx) error {
	events, session, j := b.events, b.s.ID, b.j
	if len(events) == 0 {
		return nil
	}
	b.events = nil
	if err := store.InsertEvents(tx, session, events); err != nil {
		return err
	}
	tx.OnCommit(func() {
		for i := range events {
			j.hub.publish(session, events[i].Type, events[i].Data)
		}
	})
	return nil
}

// Enqueue puts a client event into the inbox of s and returns its bytes, with
// processed_at null. If show is set, subscribers are told.
func (j *Journal) Enqueue(tx store.Tx, s *store.Session, d Draft, show bool) ([]byte, error) {
	if d.ID == "" {
		d.ID = j.NewID()
	}
	var pos int64
	if err := store.One(tx, `SELECT COALESCE(MAX(pos), 0) + 1 FROM inbox WHERE session_id = $1`, []any{s.ID}, &pos); err != nil {
		return nil, err
	}
	data := Stamp(d.ID, body(d.Body), 0)
	err := store.Enqueue(tx, s.ID, store.Queued{Pos: pos, ID: d.ID, ThreadID: s.ThreadID, Type: d.Type, Data: data})
	if err != nil {
		return nil, err
	}
	if session := s.ID; show {
		tx.OnCommit(func() { j.hub.publish(session, d.Type, data) })
	}
	return data, nil
}

func body(v any) []byte {
	if b, ok := v.([]byte); ok {
		return b
	}
	return wire.Encode(v)
}

const nullStamp = `,"processed_at":null}`

// Stamp puts id before and processed_at behind the members of body, a JSON
// object that is not empty. at is microseconds; 0 is null.
func Stamp(id string, body []byte, at int64) []byte {
	out := make([]byte, 0, len(body)+len(id)+64)
	out = append(out, `{"id":"`...)
	out = append(out, id...)
	out = append(out, `",`...)
	out = append(out, body[1:len(body)-1]...)
	if at == 0 {
		return append(out, nullStamp...)
	}
	out = append(out, `,"processed_at":"`...)
	out = time.UnixMicro(at).UTC().AppendFormat(out, wire.TimeFormat)
	return append(out, `"}`...)
}

// Unstamp takes id and processed_at off again: the body of a queued event.
func Unstamp(id string, data []byte) []byte {
	inner := data[len(`{"id":"`)+len(id)+len(`",`) : len(data)-len(nullStamp)]
	out := make([]byte, 0, len(inner)+2)
	out = append(out, '{')
	out = append(out, inner...)
	return append(out, '}')
}
