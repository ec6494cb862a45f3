package api

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/ostlerdev/ostler/internal/environment"
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func (s *Server) createEnvironment(w http.ResponseWriter, r *http.Request) error {
	var p wire.EnvironmentParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	e, err := environment.New(p)
	if err != nil {
		return err
	}
	e.ID = s.IDs.New(ids.Environment)
	err = s.DB.Update(r.Context(), func(tx store.Tx) error {
		e.CreatedAt = wire.Micros(s.Now().UnixMicro())
		e.UpdatedAt = e.CreatedAt
		if err := nameIsFree(tx, e); err != nil {
			return err
		}
		return store.InsertEnvironment(tx, e)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, e)
}

// nameIsFree refuses a second environment of a name.
func nameIsFree(tx store.Tx, e wire.Environment) error {
	other, err := store.EnvironmentNamed(tx, e.Name)
	if err == nil && other != "" && other != e.ID {
		return fault.New(fault.Conflict, "name: environment `%s` has the name %q already", other, e.Name)
	}
	return err
}

func findEnvironment(tx store.Tx, id string) (wire.Environment, error) {
	e, err := store.GetEnvironment(tx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = fault.Missing("Environment", id)
	}
	return e, err
}

func (s *Server) getEnvironment(w http.ResponseWriter, r *http.Request) error {
	var e wire.Environment
	err := s.DB.View(r.Context(), func(tx store.Tx) (err error) {
		e, err = findEnvironment(tx, r.PathValue("environment_id"))
		return err
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, e)
}

// changeEnvironment runs change in a transaction and answers with its result.
func (s *Server) changeEnvironment(w http.ResponseWriter, r *http.Request, change func(wire.Environment) (wire.Environment, error)) error {
	var out wire.Environment
	err := s.DB.Update(r.Context(), func(tx store.Tx) error {
		cur, err := findEnvironment(tx, r.PathValue("environment_id"))
		if err != nil {
			return err
		}
		out = cur
		next, err := change(cur)
		if err != nil || bytes.Equal(wire.Encode(cur), wire.Encode(next)) { // no change leaves updated_at alone
			return err
		}
		if err := nameIsFree(tx, next); err != nil {
			return err
		}
		next.UpdatedAt = wire.Micros(max(s.Now().UnixMicro(), cur.UpdatedAt.Micros()+1))
		out = next
		return store.SaveEnvironment(tx, out)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func (s *Server) updateEnvironment(w http.ResponseWriter, r *http.Request) error {
	var p wire.EnvironmentParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	return s.changeEnvironment(w, r, func(cur wire.Environment) (wire.Environment, error) {
		return environment.Update(cur, p)
	})
}

func (s *Server) archiveEnvironment(w http.ResponseWriter, r *http.Request) error {
	return s.changeEnvironment(w, r, func(cur wire.Environment) (wire.Environment, error) {
		if cur.ArchivedAt == nil {
			at := wire.Micros(s.Now().UnixMicro())
			cur.ArchivedAt = &at
		}
		return cur, nil
	})
}

func (s *Server) deleteEnvironment(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("environment_id")
	err := s.DB.Update(r.Context(), func(tx store.Tx) error {
		if _, err := findEnvironment(tx, id); err != nil {
			return err
		}
		used, err := store.EnvironmentInUse(tx, id)
		if err != nil {
			return err
		}
		if used {
			return fault.New(fault.Conflict, "Environment `%s` is used by sessions; delete them first, or archive it.", id)
		}
		return store.DeleteEnvironment(tx, id)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, wire.Deleted{ID: id, Type: "environment_deleted"})
}

func (s *Server) listEnvironments(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	archived := q.flag("include_archived")
	req := q.page("environments", page.Desc, 20, 1000)
	if q.err != nil {
		return q.err
	}
	return list(s, w, r, req, store.EnvironmentKey, func(tx store.Tx, rg page.Range) ([]wire.Environment, error) {
		return store.ListEnvironments(tx, rg, archived)
	})
}
