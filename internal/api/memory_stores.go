package api

import (
	"bytes"
	"net/http"
	"slices"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// agentMemory is the beta of memory stores. managedAgents, which older clients
// name, stands for it; both in one request are refused (Managed Agents API:
// memory stores).
const agentMemory = "agent-memory-2026-07-22"

// namesBeta tells whether a request names the beta of its endpoint; "" needs
// no naming.
func namesBeta(beta string, named []string) (bool, error) {
	has := beta == "" || slices.Contains(named, beta)
	if beta != agentMemory {
		return has, nil
	}
	older := slices.Contains(named, managedAgents)
	if has && older {
		return false, fault.At("", "the header `anthropic-beta` names both `%s` and `%s`: send one of the two", agentMemory, managedAgents)
	}
	return has || older, nil
}

// actor is who makes a request.
func actor(r *http.Request) wire.Actor { return wire.APIActor(callOf(r).who.ID) }

func (s *Server) createMemoryStore(w http.ResponseWriter, r *http.Request) error {
	var p wire.MemoryStoreParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	m, err := memory.NewStore(p)
	if err != nil {
		return err
	}
	m.ID = s.IDs.New(ids.MemoryStore)
	err = s.DB.Update(r.Context(), func(tx store.Tx) error {
		m.CreatedAt = wire.Micros(s.Now().UnixMicro())
		m.UpdatedAt = m.CreatedAt
		return store.InsertMemoryStore(tx, m)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, m)
}

func (s *Server) getMemoryStore(w http.ResponseWriter, r *http.Request) error {
	var m wire.MemoryStore
	err := s.DB.View(r.Context(), func(tx store.Tx) (err error) {
		m, err = memorystore.Find(tx, r.PathValue("memory_store_id"))
		return err
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, m)
}

func (s *Server) updateMemoryStore(w http.ResponseWriter, r *http.Request) error {
	var p wire.MemoryStoreParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	var out wire.MemoryStore
	err := s.DB.Update(r.Context(), func(tx store.Tx) error {
		cur, err := memorystore.Find(tx, r.PathValue("memory_store_id"))
		if err != nil {
			return err
		}
		next, err := memory.UpdateStore(cur, p)
		out = next
		if err != nil || bytes.Equal(wire.Encode(cur), wire.Encode(next)) { // no change leaves updated_at alone
			return err
		}
		out.UpdatedAt = s.after(cur.UpdatedAt)
		return store.SaveMemoryStore(tx, out)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

// archiveMemoryStore closes a store to changes; live mounts of it hear of it.
func (s *Server) archiveMemoryStore(w http.ResponseWriter, r *http.Request) error {
	var m wire.MemoryStore
	err := s.DB.Update(r.Context(), func(tx store.Tx) (err error) {
		if m, err = memorystore.Find(tx, r.PathValue("memory_store_id")); err != nil || m.ArchivedAt != nil {
			return err
		}
		m.UpdatedAt = s.after(m.UpdatedAt)
		m.ArchivedAt = &m.UpdatedAt
		s.Memories.Touch(tx, m.ID)
		return store.SaveMemoryStore(tx, m)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, m)
}

func (s *Server) deleteMemoryStore(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("memory_store_id")
	err := s.DB.Update(r.Context(), func(tx store.Tx) error {
		if _, err := memorystore.Find(tx, id); err != nil {
			return err
		}
		s.Memories.Touch(tx, id)
		return store.DeleteMemoryStore(tx, id)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, wire.Deleted{ID: id, Type: "memory_store_deleted"})
}

func (s *Server) listMemoryStores(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	archived, created := q.flag("include_archived"), q.window("created_at")
	req := q.page("memory_stores", page.Desc, 20, 100)
	if q.err != nil {
		return q.err
	}
	if err := created.Check(req.Cursor); err != nil {
		return err
	}
	return list(s, w, r, req, store.MemoryStoreKey, func(tx store.Tx, rg page.Range) ([]wire.MemoryStore, error) {
		return store.ListMemoryStores(tx, rg, archived, created)
	})
}
