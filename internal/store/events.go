package store

import (
	"database/sql"
	"strconv"
	"strings"

	"github.com/ostlerdev/ostler/internal/page"
)

// Event is a row of a session's log.
type Event struct {
	Seq         int64
	ID          string
	ThreadID    string
	Type        string
	ProcessedAt int64
	Data        []byte // the JSON that is listed and streamed
	Private     []byte // what only the turn may read, or nil
}

func mark(n int) string { return "$" + strconv.Itoa(n) }

// InsertEvents appends rows to a session's log.
func InsertEvents(tx Tx, session string, events []Event) error {
	const columns = 8
	for len(events) > 0 {
		n := min(len(events), len(insertEvents))
		args := make([]any, 0, n*columns)
		for i := range events[:n] {
			e := &events[i]
			var private any
			if e.Private != nil {
				private = string(e.Private)
			}
			args = append(args, session, e.Seq, e.ID, e.ThreadID, e.Type, e.ProcessedAt, string(e.Data), private)
		}
		if _, err := tx.Exec(insertEvents[n-1], args...); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

// insertEvents holds the statement for 1, 2, … rows.
var insertEvents = func() (out [8]string) {
	for n := range out {
		var b strings.Builder
		b.WriteString(`INSERT INTO events (session_id, seq, id, thread_id, type, processed_at, data, private) VALUES `)
		for row := range n + 1 {
			if row > 0 {
				b.WriteString(", ")
			}
			for col := range 8 {
				b.WriteString([]string{"(", ", "}[min(col, 1)] + mark(row*8+col+1))
			}
			b.WriteString(")")
		}
		out[n] = b.String()
	}
	return out
}()

func scanEvent(r *sql.Rows) (e Event, err error) {
	var data string
	var private sql.NullString
	err = r.Scan(&e.Seq, &e.ID, &e.ThreadID, &e.Type, &e.ProcessedAt, &data, &private)
	e.Data = []byte(data)
	if private.Valid {
		e.Private = []byte(private.String)
	}
	return e, err
}

// EventsAfter reads a session's log from seq on, exclusive.
func EventsAfter(tx Tx, session string, seq int64) ([]Event, error) {
	return Collect(tx, scanEvent, `SELECT seq, id, thread_id, type, processed_at, data, private FROM events
		WHERE session_id = $1 AND seq > $2 ORDER BY seq`, session, seq)
}

// EventFilter selects events for a list.
type EventFilter struct {
	SessionID string
	Types     []string
	Processed page.Window
}

// Listed is an event as lists show it.
type Listed struct {
	Seq  int64
	Data []byte
}

// ListedKey is an event's place in its log.
func ListedKey(e Listed) page.Key { return page.Key{Sort: e.Seq} }

// ListEvents reads events in log order.
func ListEvents(tx Tx, f EventFilter, r page.Range) ([]Listed, error) {
	var w where
	w.add("session_id = ?", f.SessionID)
	if len(f.Types) > 0 {
		w.in("type", f.Types)
	}
	w.window("processed_at", f.Processed)
	conds, tail := w.page(r, "seq", "")
	return Collect(tx, func(r *sql.Rows) (e Listed, err error) {
		return e, r.Scan(&e.Seq, &e.Data)
	}, `SELECT seq, data FROM events`+conds+tail, w.args...)
}
