package store

import (
	"database/sql"

	"github.com/go-json-experiment/json"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/wire"
)

const gateColumns = `seq, at, session_id, kind, host, port, address, verdict, reason, bytes_up, bytes_down, duration, credentials`

// InsertGateEntry writes an entry with the seq that follows the newest.
func InsertGateEntry(tx Tx, e wire.GateEntry) error {
	_, err := tx.Exec(`INSERT INTO gate_log (`+gateColumns+`)
		SELECT COALESCE(MAX(seq), 0) + 1, CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT),
			CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS BIGINT), CAST($10 AS BIGINT), CAST($11 AS BIGINT), CAST($12 AS TEXT)
		FROM gate_log`,
		e.StartedAt.Micros(), e.SessionID, e.Kind, e.Host, e.Port, e.Address, e.Verdict, e.Reason, e.BytesUp, e.BytesDown,
		int64(e.Seconds*second), encode(e.Credentials))
	return err
}

// GateFilter selects entries of the gate's log.
type GateFilter struct {
	SessionID string
	Host      string
	Verdict   string
	Started   page.Window
}

// GateKey is an entry's place in the log.
func GateKey(e wire.GateEntry) page.Key { return page.Key{Sort: e.Seq} }

// ListGateEntries reads the gate's log.
func ListGateEntries(tx Tx, f GateFilter, r page.Range) ([]wire.GateEntry, error) {
	var w where
	for column, value := range map[string]string{"session_id": f.SessionID, "host": f.Host, "verdict": f.Verdict} {
		if value != "" {
			w.add(column+" = ?", value)
		}
	}
	w.window("at", f.Started)
	conds, tail := w.page(r, "seq", "")
	return Collect(tx, func(rows *sql.Rows) (wire.GateEntry, error) {
		e := wire.GateEntry{Type: "gate_entry"}
		var at, duration int64
		var credentials []byte
		err := rows.Scan(&e.Seq, &at, &e.SessionID, &e.Kind, &e.Host, &e.Port, &e.Address, &e.Verdict, &e.Reason, &e.BytesUp, &e.BytesDown, &duration, &credentials)
		if err != nil {
			return e, err
		}
		e.StartedAt, e.Seconds = wire.Micros(at), float64(duration)/second
		return e, json.Unmarshal(credentials, &e.Credentials)
	}, `SELECT `+gateColumns+` FROM gate_log`+conds+tail, w.args...)
}

// TrimGateLog removes entries that began before a time, microseconds.
func TrimGateLog(tx Tx, before int64) error {
	_, err := tx.Exec(`DELETE FROM gate_log WHERE at < $1`, before)
	return err
}
