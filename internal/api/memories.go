package api

import (
	"net/http"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// full tells whether the query's view shows contents; unless it says, def.
func (q *query) full(def bool) bool {
	switch v := q.text("view"); v {
	case "":
		return def
	case "basic", "full":
		return v == "full"
	default:
		q.fail("view", "expected `basic` or `full`, not `%s`", v)
		return def
	}
}

// clamp bounds a page that shows contents (Managed Agents API: memory stores).
func clamp(req *page.Request, full bool) {
	if full {
		req.Limit = min(req.Limit, memory.MaxFullPage)
	}
}

// writeMemory answers with a memory, which holds its content.
func (s *Server) writeMemory(w http.ResponseWriter, m wire.Memory, full bool) error {
	if !full {
		m.Content = nil
	}
	return s.writeJSON(w, m)
}

func (s *Server) createMemory(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	full := q.full(false)
	if q.err != nil {
		return q.err
	}
	var p wire.CreateMemoryParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	m, err := s.Memories.Create(r.Context(), r.PathValue("memory_store_id"), p, actor(r))
	if err != nil {
		return err
	}
	return s.writeMemory(w, m, full)
}

func (s *Server) getMemory(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	full := q.full(true)
	if q.err != nil {
		return q.err
	}
	m, err := s.Memories.Get(r.Context(), r.PathValue("memory_store_id"), r.PathValue("memory_id"))
	if err != nil {
		return err
	}
	return s.writeMemory(w, m, full)
}

func (s *Server) updateMemory(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	full := q.full(false)
	if q.err != nil {
		return q.err
	}
	var p wire.UpdateMemoryParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	m, err := s.Memories.Update(r.Context(), r.PathValue("memory_store_id"), r.PathValue("memory_id"), p, actor(r))
	if err != nil {
		return err
	}
	return s.writeMemory(w, m, full)
}

func (s *Server) deleteMemory(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	expected := q.text("expected_content_sha256")
	if q.err != nil {
		return q.err
	}
	if expected != "" {
		if err := memory.CheckSum(expected); err != nil {
			return fault.Under("expected_content_sha256", err)
		}
	}
	id := r.PathValue("memory_id")
	if err := s.Memories.Delete(r.Context(), r.PathValue("memory_store_id"), id, expected, actor(r)); err != nil {
		return err
	}
	return s.writeJSON(w, wire.Deleted{ID: id, Type: "memory_deleted"})
}

func (s *Server) listMemories(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	full, prefix, depth := q.full(false), q.text("path_prefix"), q.integer("depth", 0, 0, 1)
	req := q.page("memories", page.Asc, 20, 100)
	if q.err != nil {
		return q.err
	}
	if err := memory.CheckPrefix(prefix); err != nil {
		return err
	}
	clamp(&req, full)
	id := r.PathValue("memory_store_id")
	return list(s, w, r, req, store.ItemKey, func(tx store.Tx, rg page.Range) ([]wire.MemoryItem, error) {
		if _, err := memorystore.Find(tx, id); err != nil {
			return nil, err
		}
		from := ""
		if rg.From != nil {
			from = rg.From.ID
		}
		if depth == 1 {
			return children(tx, id, prefix, from, full, rg.Limit)
		}
		rows, err := store.MemoriesIn(tx, id, prefix, from, full, rg.Limit)
		items := make([]wire.MemoryItem, len(rows))
		for i := range rows {
			items[i] = &rows[i]
		}
		return items, err
	})
}

// children reads the direct children of a prefix. A store is small enough to
// read all that lies below them.
func children(tx store.Tx, id, prefix, from string, full bool, limit int) ([]wire.MemoryItem, error) {
	rows, err := store.MemoriesIn(tx, id, prefix, from, false, 0)
	if err != nil {
		return nil, err
	}
	items := memory.Roll(rows, prefix, from)
	items = items[:min(len(items), limit)]
	if !full {
		return items, nil
	}
	var versions []string
	for _, item := range items {
		if m, ok := item.(*wire.Memory); ok {
			versions = append(versions, m.MemoryVersionID)
		}
	}
	contents, err := store.MemoryContents(tx, versions)
	for _, item := range items {
		if m, ok := item.(*wire.Memory); ok {
			content := contents[m.MemoryVersionID]
			m.Content = &content
		}
	}
	return items, err
}
