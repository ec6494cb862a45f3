package store

import (
	"database/sql"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Session is the row of a session: its state, which changes with its log, and
// its document, which doesn't.
type Session struct {
	ID            string
	AgentID       string
	AgentVersion  int64
	EnvironmentID string
	Status        string
	CreatedAt     int64
	UpdatedAt     int64
	ArchivedAt    *int64
	LastSeq       int64  // of the log
	LastAt        int64  // newest processed_at
	Parked        bool   // the last idle is requires_action
	RetryAt       *int64 // when a rescheduled turn goes on
	Attempts      int    // failed model requests in a row
	Generation    int64  // of the lease
	ThreadID      string // the primary thread
	RunningSince  *int64
	Active        int64 // microseconds of earlier running stretches
	Usage         Usage

	doc    SessionDoc
	rawDoc []byte // not decoded yet
}

// Usage counts a session's tokens and calls of web tools.
type Usage struct {
	Input     int64 `json:"input"`
	Output    int64 `json:"output"`
	CacheRead int64 `json:"cache_read"`
	Cache5m   int64 `json:"cache_5m"`
	Cache1h   int64 `json:"cache_1h"`
	Searches  int64 `json:"searches,omitzero"` // calls of web_search
	Fetches   int64 `json:"fetches,omitzero"`  // calls of web_fetch
}

// SessionDoc is what no query looks at.
type SessionDoc struct {
	Title       *string           `json:"title"`
	Metadata    wire.Metadata     `json:"metadata"`
	Agent       wire.SessionAgent `json:"agent"`
	VaultIDs    []string          `json:"vault_ids"`
	Environment string            `json:"environment"` // type of its config: cloud or self_hosted
}

// Doc is the session's document, decoded at the first call. Changes to it are
// written by SaveDoc.
func (s *Session) Doc() (*SessionDoc, error) {
	if s.rawDoc != nil {
		if err := json.Unmarshal(s.rawDoc, &s.doc); err != nil {
			return nil, err
		}
		s.rawDoc = nil
	}
	return &s.doc, nil
}

// GetSessionDoc is the Doc of a session; ErrNotFound if there is none.
func GetSessionDoc(tx Tx, id string) (*SessionDoc, error) {
	s, err := GetSession(tx, id)
	if err != nil {
		return nil, err
	}
	return s.Doc()
}

const sessionColumns = `id, agent_id, agent_version, environment_id, status, created_at, updated_at, archived_at,
	last_seq, last_at, parked, retry_at, attempts, generation, thread_id, running_since, active, usage, doc`

type scanner interface{ Scan(...any) error }

func scanSession(row scanner) (*Session, error) {
	var s Session
	var usage string
	var parked int64
	err := row.Scan(&s.ID, &s.AgentID, &s.AgentVersion, &s.EnvironmentID, &s.Status, &s.CreatedAt, &s.UpdatedAt, &s.ArchivedAt,
		&s.LastSeq, &s.LastAt, &parked, &s.RetryAt, &s.Attempts, &s.Generation, &s.ThreadID, &s.RunningSince, &s.Active, &usage, &s.rawDoc)
	if err != nil {
		return nil, err
	}
	s.Parked = parked != 0
	return &s, json.Unmarshal([]byte(usage), &s.Usage)
}

// GetSession reads a session; ErrNotFound if there is none.
func GetSession(tx Tx, id string) (*Session, error) {
	s, err := scanSession(tx.QueryRow(`SELECT `+sessionColumns+` FROM sessions WHERE id = $1`, id))
	if err == sql.ErrNoRows {
		return nil, ErrNotFound
	}
	return s, err
}

// InsertSession writes a new session.
func InsertSession(tx Tx, s *Session, doc SessionDoc) error {
	s.doc = doc
	_, err := tx.Exec(`INSERT INTO sessions (`+sessionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		s.ID, s.AgentID, s.AgentVersion, s.EnvironmentID, s.Status, s.CreatedAt, s.UpdatedAt, s.ArchivedAt,
		s.LastSeq, s.LastAt, flag(s.Parked), s.RetryAt, s.Attempts, s.Generation, s.ThreadID, s.RunningSince, s.Active,
		encode(s.Usage), encode(s.doc))
	return err
}

// SaveState writes what changes with the log.
func SaveState(tx Tx, s *Session) error {
	_, err := tx.Exec(`UPDATE sessions SET status = $2, updated_at = $3, archived_at = $4, last_seq = $5, last_at = $6,
		parked = $7, retry_at = $8, attempts = $9, generation = $10, running_since = $11, active = $12, usage = $13 WHERE id = $1`,
		s.ID, s.Status, s.UpdatedAt, s.ArchivedAt, s.LastSeq, s.LastAt, flag(s.Parked), s.RetryAt, s.Attempts, s.Generation,
		s.RunningSince, s.Active, encode(s.Usage))
	return err
}

// SaveDoc writes a session's document.
func SaveDoc(tx Tx, s *Session) error {
	doc, err := s.Doc()
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE sessions SET doc = $2 WHERE id = $1`, s.ID, encode(doc))
	return err
}

// DeleteSession removes a session's rows, except those of its files.
func DeleteSession(tx Tx, id string) error {
	for _, q := range []string{
		`DELETE FROM events WHERE session_id = $1`,
		`DELETE FROM inbox WHERE session_id = $1`,
		`DELETE FROM calls WHERE session_id = $1`,
		`DELETE FROM session_resources WHERE session_id = $1`,
		`DELETE FROM memory_attachments WHERE session_id = $1`,
		`DELETE FROM sessions WHERE id = $1`,
	} {
		if _, err := tx.Exec(q, id); err != nil {
			return err
		}
	}
	return nil
}

// SessionFilter selects sessions for a list.
type SessionFilter struct {
	AgentID         string
	AgentVersion    int64 // 0 is any
	Statuses        []string
	IncludeArchived bool
	Created         page.Window
	MemoryStoreID   string // "" is any
}

// SessionKey is a session's place in a list by age.
func SessionKey(s *Session) page.Key { return page.Key{Sort: s.CreatedAt, ID: s.ID} }

// ListSessions reads sessions by age.
func ListSessions(tx Tx, f SessionFilter, r page.Range) ([]*Session, error) {
	var w where
	if f.AgentID != "" {
		w.add("agent_id = ?", f.AgentID)
	}
	if f.AgentVersion != 0 {
		w.add("agent_version = ?", f.AgentVersion)
	}
	if len(f.Statuses) > 0 {
		w.in("status", f.Statuses)
	}
	if !f.IncludeArchived {
		w.add("archived_at IS NULL")
	}
	if f.MemoryStoreID != "" {
		w.add("id IN (SELECT session_id FROM memory_attachments WHERE store_id = ?)", f.MemoryStoreID)
	}
	w.window("created_at", f.Created)
	conds, tail := w.page(r, "created_at", "id")
	return Collect(tx, func(r *sql.Rows) (*Session, error) { return scanSession(r) },
		`SELECT `+sessionColumns+` FROM sessions`+conds+tail, w.args...)
}

// AwakeSessions are the ids of sessions that a server must go on with after a
// start: a turn was under way, input is queued, or all that a parked one
// waited for has come.
func AwakeSessions(tx Tx) ([]string, error) {
	return Collect(tx, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) }, `
		SELECT id FROM sessions WHERE status IN ('running', 'rescheduling')
		UNION SELECT session_id FROM inbox
		UNION SELECT s.id FROM sessions s WHERE s.parked = 1 AND s.status = 'idle'
			AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.session_id = s.id)`)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func encode(v any) string { return string(wire.Encode(v)) }

// where collects the conditions of a query.
type where struct {
	conds []string
	args  []any
}

// add adds a condition in which each ? stands for the next of args.
func (w *where) add(cond string, args ...any) {
	var b strings.Builder
	for _, c := range cond {
		if c == '?' {
			b.WriteString(w.arg(args[0]))
			args = args[1:]
			continue
		}
		b.WriteRune(c)
	}
	w.conds = append(w.conds, b.String())
}

// in adds column IN (values).
func (w *where) in(column string, values []string) {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = w.arg(v)
	}
	w.conds = append(w.conds, column+" IN ("+strings.Join(marks, ", ")+")")
}

// arg adds a parameter and returns its mark.
func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return mark(len(w.args))
}

func (w *where) sql() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}
