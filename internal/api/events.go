package api

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func (s *Server) sendEvents(w http.ResponseWriter, r *http.Request) error {
	var p wire.SendEvents
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	out, err := s.Sessions.Send(r.Context(), r.PathValue("session_id"), p.Events)
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

// listEvents lists the session's log. Queued events, which have no place in it
// yet, are at the end of the last page.
func (s *Server) listEvents(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	f := store.EventFilter{SessionID: r.PathValue("session_id"), Types: q.list("types"), Processed: q.window("created_at")}
	req := q.page("events", q.order(page.Asc), 1000, 1000)
	if q.err != nil {
		return q.err
	}
	for _, typ := range f.Types {
		if !wire.EventTypes[typ] {
			return fault.At("types", "`%s` is not the type of an event", typ)
		}
	}
	return s.writeEvents(w, r, f, req)
}

// listThreadEvents lists the log of a thread: of the primary one, the
// session's.
func (s *Server) listThreadEvents(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.thread(r); err != nil {
		return err
	}
	q := newQuery(r)
	f := store.EventFilter{SessionID: r.PathValue("session_id"), Processed: page.Everything}
	req := q.page("thread_events", page.Asc, 1000, 1000)
	if q.err != nil {
		return q.err
	}
	return s.writeEvents(w, r, f, req)
}

func (s *Server) writeEvents(w http.ResponseWriter, r *http.Request, f store.EventFilter, req page.Request) error {
	var out wire.Page[jsontext.Value]
	err := s.DB.View(r.Context(), func(tx store.Tx) error {
		if err := sessionExists(tx, f.SessionID); err != nil {
			return err
		}
		res, err := page.Read(req, store.ListedKey, func(rg page.Range) ([]store.Listed, error) {
			return store.ListEvents(tx, f, rg)
		})
		if err != nil {
			return err
		}
		out.NextPage = res.Next
		for _, e := range res.Rows {
			out.Data = append(out.Data, e.Data)
		}
		if res.Next != nil || f.Processed != page.Everything {
			return nil
		}
		queued, err := queuedEvents(tx, f)
		out.Data = append(out.Data, queued...)
		return err
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

// queuedEvents is what the list shows of the inbox: what the client said to
// the agent, not interrupts, which show when they are applied.
func queuedEvents(tx store.Tx, f store.EventFilter) (out []jsontext.Value, err error) {
	inbox, err := store.Inbox(tx, f.SessionID)
	for _, e := range inbox {
		wanted := len(f.Types) == 0
		for _, typ := range f.Types {
			wanted = wanted || typ == e.Type
		}
		if wanted && e.Type != wire.TypeUserInterrupt {
			out = append(out, e.Data)
		}
	}
	return out, err
}

func sessionExists(tx store.Tx, id string) error {
	var one int
	err := store.One(tx, `SELECT 1 FROM sessions WHERE id = $1`, []any{id}, &one)
	if err == store.ErrNotFound {
		return fault.Missing("Session", id)
	}
	return err
}
