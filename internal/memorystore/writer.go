package memorystore

import (
	"errors"

	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Writer changes the memories of a store in a transaction, for an actor. Its
// callers have checked the texts and that the store is active.
type Writer struct {
	Store wire.MemoryStore
	s     *Service
	tx    store.Tx
	by    wire.Actor
	told  bool
	held  *int // memories of the store, once they were counted
}

// Open makes a Writer; a refusal of kind NotFound if there is no such store.
func (s *Service) Open(tx store.Tx, storeID string, by wire.Actor) (*Writer, error) {
	st, err := Find(tx, storeID)
	return &Writer{Store: st, s: s, tx: tx, by: by}, err
}

// Create makes a memory. It refuses a path that is taken, and to fill the
// store beyond its limit.
func (w *Writer) Create(path, content string) (wire.Memory, error) {
	m := wire.Memory{Type: "memory", MemoryStoreID: w.Store.ID, Path: path}
	if err := w.free(path, ""); err != nil {
		return m, err
	}
	if err := w.room(); err != nil {
		return m, err
	}
	m.ID = w.s.IDs.New(ids.Memory)
	m.CreatedAt = wire.Micros(w.s.Now().UnixMicro())
	m.UpdatedAt = m.CreatedAt
	w.fill(&m, content)
	if err := w.version(wire.MemoryCreated, m); err != nil {
		return m, err
	}
	*w.held++
	return m, store.InsertMemory(w.tx, m)
}

// room refuses a new memory in a store that is full.
func (w *Writer) room() error {
	if w.held == nil {
		n, err := store.CountMemories(w.tx, w.Store.ID)
		if err != nil {
			return err
		}
		w.held = &n
	}
	return memory.CheckRoom(*w.held)
}

// Save gives a memory another content, another path, or both. It refuses a
// path that is taken.
func (w *Writer) Save(cur wire.Memory, path, content string) (wire.Memory, error) {
	if path != cur.Path {
		if err := w.free(path, cur.ID); err != nil {
			return cur, err
		}
	}
	m := w.step(cur)
	m.Path = path
	w.fill(&m, content)
	if err := w.version(wire.MemoryModified, m); err != nil {
		return cur, err
	}
	return m, store.SaveMemory(w.tx, m)
}

// Delete removes a memory. Its versions stay.
func (w *Writer) Delete(cur wire.Memory) error {
	m := w.step(cur)
	m.MemoryVersionID = w.s.IDs.New(ids.MemoryVer)
	if err := w.version(wire.MemoryDeleted, m); err != nil {
		return err
	}
	if w.held != nil {
		*w.held--
	}
	return store.DeleteMemory(w.tx, m.ID)
}

// step is a memory at the moment of its next version: versions of one memory
// are in the order of their times.
func (w *Writer) step(m wire.Memory) wire.Memory {
	m.UpdatedAt = wire.Micros(max(w.s.Now().UnixMicro(), m.UpdatedAt.Micros()+1))
	return m
}

// fill gives a memory its content and a new version.
func (w *Writer) fill(m *wire.Memory, content string) {
	m.Content, m.ContentSHA256, m.ContentSizeBytes = &content, memory.Sum(content), int64(len(content))
	m.MemoryVersionID = w.s.IDs.New(ids.MemoryVer)
}

func (w *Writer) version(operation string, m wire.Memory) error {
	if !w.told {
		w.told = true
		w.s.Touch(w.tx, w.Store.ID)
	}
	return store.InsertMemoryVersion(w.tx, memory.NewVersion(m.MemoryVersionID, operation, m, w.by))
}

// free refuses a path that another memory than self has, or that can't be a
// file beside one.
func (w *Writer) free(path, self string) error {
	taken := func(m wire.Memory, err error) error {
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && m.ID == self:
			return nil
		case err != nil:
			return err
		}
		return memory.Conflict(path, m.ID, m.Path)
	}
	if err := taken(store.MemoryAt(w.tx, w.Store.ID, path)); err != nil {
		return err
	}
	for _, dir := range memory.Ancestors(path) {
		if err := taken(store.MemoryAt(w.tx, w.Store.ID, dir)); err != nil {
			return err
		}
	}
	return taken(store.MemoryBelow(w.tx, w.Store.ID, path, self))
}
