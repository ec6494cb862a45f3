package api

import (
	"net/http"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// listGateLog lists what sandboxes asked of the gate, newest first. It is this
// server's own endpoint, for its operator.
func (s *Server) listGateLog(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	f := store.GateFilter{SessionID: q.text("session_id"), Host: q.text("host"), Verdict: q.text("verdict"), Started: q.window("started_at")}
	req := q.page("gate_log", q.order(page.Desc), 100, 1000)
	if q.err != nil {
		return q.err
	}
	return list(s, w, r, req, store.GateKey, func(tx store.Tx, rg page.Range) ([]wire.GateEntry, error) {
		return store.ListGateEntries(tx, f, rg)
	})
}
