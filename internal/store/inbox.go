package store

import "database/sql"

// Queued is a client event that the turn has not taken up yet.
type Queued struct {
	Pos      int64
	ID       string
	ThreadID string
	Type     string
	Data     []byte // the event, processed_at null
}

// Enqueue appends to a session's inbox. The caller gives positions that grow.
func Enqueue(tx Tx, session string, q Queued) error {
	_, err := tx.Exec(`INSERT INTO inbox (session_id, pos, id, thread_id, type, data) VALUES ($1, $2, $3, $4, $5, $6)`,
		session, q.Pos, q.ID, q.ThreadID, q.Type, string(q.Data))
	return err
}

// Inbox reads a session's queued events in order.
func Inbox(tx Tx, session string) ([]Queued, error) {
	return Collect(tx, func(r *sql.Rows) (q Queued, err error) {
		return q, r.Scan(&q.Pos, &q.ID, &q.ThreadID, &q.Type, &q.Data)
	}, `SELECT pos, id, thread_id, type, data FROM inbox WHERE session_id = $1 ORDER BY pos`, session)
}

// Dequeue removes one queued event.
func Dequeue(tx Tx, session string, pos int64) error {
	_, err := tx.Exec(`DELETE FROM inbox WHERE session_id = $1 AND pos = $2`, session, pos)
	return err
}
