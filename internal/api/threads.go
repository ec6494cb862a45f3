package api

import (
	"net/http"
	"slices"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// thread is the thread that the path names. A session has its primary thread
// only.
func (s *Server) thread(r *http.Request) (*wire.Thread, error) {
	t, err := s.primaryThread(r)
	if err == nil && t.ID != r.PathValue("thread_id") {
		return nil, fault.Missing("Session thread", r.PathValue("thread_id"))
	}
	return t, err
}

func (s *Server) primaryThread(r *http.Request) (t *wire.Thread, err error) {
	id := r.PathValue("session_id")
	err = s.DB.View(r.Context(), func(tx store.Tx) error {
		row, err := findSession(tx, id)
		if err != nil {
			return err
		}
		t, err = row.Thread(s.Now().UnixMicro())
		return err
	})
	return t, err
}

func (s *Server) getThread(w http.ResponseWriter, r *http.Request) error {
	t, err := s.thread(r)
	if err != nil {
		return err
	}
	return s.writeJSON(w, t)
}

func (s *Server) listThreads(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	statuses := q.list("statuses")
	req := q.page("threads", page.Asc, 1000, 1000)
	if q.err != nil {
		return q.err
	}
	for _, status := range statuses {
		if !slices.Contains(sessionStatuses, status) {
			return fault.At("statuses", "`%s` is not one of `idle`, `running`, `rescheduling`, `terminated`", status)
		}
	}
	t, err := s.primaryThread(r)
	if err != nil {
		return err
	}
	var out wire.Page[*wire.Thread]
	if req.Cursor == nil && (len(statuses) == 0 || slices.Contains(statuses, t.Status)) {
		out.Data = append(out.Data, t)
	}
	return s.writeJSON(w, out)
}

func (s *Server) archiveThread(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.thread(r); err != nil {
		return err
	}
	return fault.New(fault.Invalid, "the primary thread can't be archived; archive the session")
}
