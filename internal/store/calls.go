package store

import "database/sql"

// What an open call waits for.
const (
	AwaitsServer       = "server"       // this server runs it
	AwaitsConfirmation = "confirmation" // user.tool_confirmation
	AwaitsResult       = "result"       // a result of the client
)

// The kinds of calls.
const (
	CallTool   = "tool"
	CallWeb    = "web" // of a built-in tool that the server runs in every environment
	CallMCP    = "mcp"
	CallCustom = "custom"
)

// Call is a tool call without a result.
type Call struct {
	EventID  string // of its use event
	ThreadID string
	Seq      int64 // of its use event
	Kind     string
	Awaits   string
	Decided  string // "", allow or deny: a confirmation that came
}

// InsertCall writes an open call.
func InsertCall(tx Tx, session string, c Call) error {
	_, err := tx.Exec(`INSERT INTO calls (session_id, event_id, thread_id, seq, kind, awaits, decided) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		session, c.EventID, c.ThreadID, c.Seq, c.Kind, c.Awaits, c.Decided)
	return err
}

// Calls reads a session's open calls, oldest first.
func Calls(tx Tx, session string) ([]Call, error) {
	return Collect(tx, func(r *sql.Rows) (c Call, err error) {
		return c, r.Scan(&c.EventID, &c.ThreadID, &c.Seq, &c.Kind, &c.Awaits, &c.Decided)
	}, `SELECT event_id, thread_id, seq, kind, awaits, decided FROM calls WHERE session_id = $1 ORDER BY seq`, session)
}

// DecideCall records a confirmation of a call.
func DecideCall(tx Tx, session, event, decided string) error {
	_, err := tx.Exec(`UPDATE calls SET decided = $3 WHERE session_id = $1 AND event_id = $2`, session, event, decided)
	return err
}

// SetCallAwaits changes what a call waits for.
func SetCallAwaits(tx Tx, session, event, awaits string) error {
	_, err := tx.Exec(`UPDATE calls SET awaits = $3 WHERE session_id = $1 AND event_id = $2`, session, event, awaits)
	return err
}

// CloseCall removes a call that has its result.
func CloseCall(tx Tx, session, event string) error {
	_, err := tx.Exec(`DELETE FROM calls WHERE session_id = $1 AND event_id = $2`, session, event)
	return err
}

// CloseCalls removes every open call of a session.
func CloseCalls(tx Tx, session string) error {
	_, err := tx.Exec(`DELETE FROM calls WHERE session_id = $1`, session)
	return err
}
