package api

import (
	"errors"
	"net/http"

	"github.com/ostlerdev/ostler/internal/agent"
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/skillstore"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func (s *Server) createAgent(w http.ResponseWriter, r *http.Request) error {
	var p wire.AgentParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	cfg, err := agent.New(p, s.Models)
	if err != nil {
		return err
	}
	id := s.IDs.New(ids.Agent)
	return s.changeAgent(w, r, id, func(tx store.Tx) error {
		if _, err := skillstore.Pin(tx, "skills", cfg.Skills); err != nil {
			return err
		}
		return store.InsertAgent(tx, id, cfg, s.Now().UnixMicro())
	})
}

// changeAgent runs change in a transaction and answers with the agent.
func (s *Server) changeAgent(w http.ResponseWriter, r *http.Request, id string, change func(store.Tx) error) error {
	var out wire.Agent
	err := s.DB.Update(r.Context(), func(tx store.Tx) (err error) {
		if err := change(tx); err != nil {
			return err
		}
		out, err = findAgent(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func findAgent(tx store.Tx, id string) (wire.Agent, error) {
	a, err := store.GetAgent(tx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = fault.Missing("Agent", id)
	}
	return a, err
}

func (s *Server) getAgent(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("agent_id")
	q := newQuery(r)
	version := q.integer("version", 0, 1, 1<<40)
	if q.err != nil {
		return q.err
	}
	var out wire.Agent
	err := s.DB.View(r.Context(), func(tx store.Tx) (err error) {
		if out, err = findAgent(tx, id); err != nil || version == 0 {
			return err
		}
		out, err = store.GetAgentVersion(tx, id, version)
		if errors.Is(err, store.ErrNotFound) {
			err = fault.New(fault.NotFound, "Agent `%s` has no version %d.", id, version)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func (s *Server) updateAgent(w http.ResponseWriter, r *http.Request) error {
	var p wire.AgentUpdateParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	id := r.PathValue("agent_id")
	return s.changeAgent(w, r, id, func(tx store.Tx) error {
		cur, err := findAgent(tx, id)
		if err != nil {
			return err
		}
		cfg, changed, err := agent.Update(cur, p, s.Models)
		if err != nil || !changed {
			return err
		}
		if p.Skills.Set { // what was saved before may have been deleted since
			if _, err := skillstore.Pin(tx, "skills", cfg.Skills); err != nil {
				return err
			}
		}
		at := max(s.Now().UnixMicro(), cur.UpdatedAt.Micros()+1)
		return store.InsertAgentVersion(tx, id, cur.Version+1, cfg, at)
	})
}

func (s *Server) archiveAgent(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("agent_id")
	return s.changeAgent(w, r, id, func(tx store.Tx) error {
		cur, err := findAgent(tx, id)
		if err != nil || cur.ArchivedAt != nil {
			return err
		}
		return store.ArchiveAgent(tx, id, s.Now().UnixMicro())
	})
}

func (s *Server) listAgents(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	created, archived := q.window("created_at"), q.flag("include_archived")
	req := q.page("agents", page.Desc, 20, 100)
	if q.err != nil {
		return q.err
	}
	if err := created.Check(req.Cursor); err != nil {
		return err
	}
	return list(s, w, r, req, store.AgentKey, func(tx store.Tx, rg page.Range) ([]wire.Agent, error) {
		return store.ListAgents(tx, rg, created, archived)
	})
}

func (s *Server) listAgentVersions(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("agent_id")
	q := newQuery(r)
	req := q.page("agent_versions", page.Desc, 20, 100)
	if q.err != nil {
		return q.err
	}
	return list(s, w, r, req, store.AgentVersionKey, func(tx store.Tx, rg page.Range) ([]wire.Agent, error) {
		if _, err := findAgent(tx, id); err != nil {
			return nil, err
		}
		return store.ListAgentVersions(tx, id, rg)
	})
}

// list answers with a page of a list that goes one way.
func list[T any](s *Server, w http.ResponseWriter, r *http.Request, req page.Request, key func(T) page.Key, fetch func(store.Tx, page.Range) ([]T, error)) error {
	var res page.Result[T]
	err := s.DB.View(r.Context(), func(tx store.Tx) (err error) {
		res, err = page.Read(req, key, func(rg page.Range) ([]T, error) { return fetch(tx, rg) })
		return err
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, wire.Page[T]{Data: res.Rows, NextPage: res.Next})
}
