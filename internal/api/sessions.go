package api

import (
	"errors"
	"net/http"
	"slices"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func (s *Server) createSession(w http.ResponseWriter, r *http.Request) error {
	var p wire.CreateSession
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	out, err := s.Sessions.Create(r.Context(), p)
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func findSession(tx store.Tx, id string) (*store.Session, error) {
	row, err := store.GetSession(tx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = fault.Missing("Session", id)
	}
	return row, err
}

func (s *Server) getSession(w http.ResponseWriter, r *http.Request) error {
	out, err := s.Sessions.Get(r.Context(), r.PathValue("session_id"))
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func (s *Server) updateSession(w http.ResponseWriter, r *http.Request) error {
	var p wire.UpdateSession
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	out, err := s.Sessions.Update(r.Context(), r.PathValue("session_id"), p)
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func (s *Server) archiveSession(w http.ResponseWriter, r *http.Request) error {
	out, err := s.Sessions.Archive(r.Context(), r.PathValue("session_id"))
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func (s *Server) deleteSession(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("session_id")
	if err := s.Sessions.Delete(r.Context(), id); err != nil {
		return err
	}
	return s.writeJSON(w, wire.Deleted{ID: id, Type: "session_deleted"})
}

var sessionStatuses = []string{wire.Idle, wire.Running, wire.Rescheduling, wire.Terminated}

func (s *Server) listSessions(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	f := store.SessionFilter{
		AgentID:         q.text("agent_id"),
		AgentVersion:    q.integer("agent_version", 0, 1, 1<<40),
		Statuses:        q.list("statuses"),
		IncludeArchived: q.flag("include_archived"),
		Created:         q.window("created_at"),
		MemoryStoreID:   q.text("memory_store_id"),
	}
	req := q.page("sessions", q.order(page.Desc), 20, 100)
	if q.err != nil {
		return q.err
	}
	for _, status := range f.Statuses {
		if !slices.Contains(sessionStatuses, status) {
			return fault.At("statuses", "`%s` is not one of `idle`, `running`, `rescheduling`, `terminated`", status)
		}
	}
	if f.AgentVersion != 0 && f.AgentID == "" {
		return fault.At("agent_version", "allowed only together with `agent_id`")
	}
	if err := f.Created.Check(req.Cursor); err != nil {
		return err
	}
	if q.text("deployment_id") != "" { // there are none yet, so no session has one
		return s.writeJSON(w, wire.BidirectionalPage[*wire.Session]{})
	}
	out := wire.BidirectionalPage[*wire.Session]{}
	err := s.DB.View(r.Context(), func(tx store.Tx) error {
		res, err := page.ReadBoth(req, store.SessionKey, func(rg page.Range) ([]*store.Session, error) {
			return store.ListSessions(tx, f, rg)
		})
		if err != nil {
			return err
		}
		out.NextPage, out.PrevPage = res.Next, res.Prev
		for _, row := range res.Rows {
			resources, err := store.ResourcesOf(tx, row.ID)
			if err != nil {
				return err
			}
			one, err := row.Wire(s.Now().UnixMicro(), resources)
			if err != nil {
				return err
			}
			out.Data = append(out.Data, one)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}
