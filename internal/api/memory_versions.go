package api

import (
	"net/http"
	"slices"

	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func (s *Server) getMemoryVersion(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	full := q.full(true)
	if q.err != nil {
		return q.err
	}
	var v wire.MemoryVersion
	err := s.DB.View(r.Context(), func(tx store.Tx) (err error) {
		v, err = memorystore.Version(tx, r.PathValue("memory_store_id"), r.PathValue("memory_version_id"))
		return err
	})
	if err != nil {
		return err
	}
	if !full {
		v.Content = nil
	}
	return s.writeJSON(w, v)
}

func (s *Server) redactMemoryVersion(w http.ResponseWriter, r *http.Request) error {
	v, err := s.Memories.Redact(r.Context(), r.PathValue("memory_store_id"), r.PathValue("memory_version_id"), actor(r))
	if err != nil {
		return err
	}
	return s.writeJSON(w, v)
}

var memoryOperations = []string{"", wire.MemoryCreated, wire.MemoryModified, wire.MemoryDeleted}

func (s *Server) listMemoryVersions(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	f := store.VersionFilter{
		MemoryID: q.text("memory_id"), Operation: q.text("operation"), Created: q.window("created_at"), Full: q.full(false),
	}
	if !slices.Contains(memoryOperations, f.Operation) {
		q.fail("operation", "`%s` is not one of `created`, `modified`, `deleted`", f.Operation)
	}
	none := q.text("service_account_id") != "" // this server knows none, so they made nothing
	for name, by := range map[string]func(string) wire.Actor{"session_id": wire.SessionActor, "api_key_id": wire.APIActor} {
		if id := q.text(name); id != "" {
			none = none || f.Actor != nil // nothing has two actors
			a := by(id)
			f.Actor = &a
		}
	}
	req := q.page("memory_versions", page.Desc, 20, 100)
	if q.err != nil {
		return q.err
	}
	if err := f.Created.Check(req.Cursor); err != nil {
		return err
	}
	clamp(&req, f.Full)
	id := r.PathValue("memory_store_id")
	return list(s, w, r, req, store.VersionKey, func(tx store.Tx, rg page.Range) ([]wire.MemoryVersion, error) {
		if _, err := memorystore.Find(tx, id); err != nil || none {
			return nil, err
		}
		return store.ListMemoryVersions(tx, id, f, rg)
	})
}
