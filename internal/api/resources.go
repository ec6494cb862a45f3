package api

import (
	"net/http"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// maxResources is the longest page of a session's resources, and the length of
// one that asks for none.
const maxResources = 1000

func (s *Server) addResource(w http.ResponseWriter, r *http.Request) error {
	var p wire.ResourceParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	out, err := s.Sessions.AddResource(r.Context(), r.PathValue("session_id"), p)
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func (s *Server) listResources(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("session_id")
	q := newQuery(r)
	req := q.page("resources", page.Asc, maxResources, maxResources)
	if q.err != nil {
		return q.err
	}
	var out wire.Page[wire.Resource]
	err := s.DB.View(r.Context(), func(tx store.Tx) error {
		if err := sessionExists(tx, id); err != nil {
			return err
		}
		res, err := page.Read(req, store.PlacedKey, func(rg page.Range) ([]store.Placed, error) {
			return store.ListResources(tx, id, rg)
		})
		out.NextPage = res.Next
		for _, p := range res.Rows {
			out.Data = append(out.Data, p.Resource)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func (s *Server) getResource(w http.ResponseWriter, r *http.Request) error {
	out, err := s.Sessions.GetResource(r.Context(), r.PathValue("session_id"), r.PathValue("resource_id"))
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func (s *Server) updateResource(w http.ResponseWriter, r *http.Request) error {
	var p wire.UpdateResourceParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	out, err := s.Sessions.UpdateResource(r.Context(), r.PathValue("session_id"), r.PathValue("resource_id"), p)
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func (s *Server) deleteResource(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("resource_id")
	if err := s.Sessions.DeleteResource(r.Context(), r.PathValue("session_id"), id); err != nil {
		return err
	}
	return s.writeJSON(w, wire.Deleted{ID: id, Type: "session_resource_deleted"})
}
