// Package memorystore changes memories: by the rules of package memory, each
// change in one transaction with the version that tells of it.
//
// Promises: whatever text a memory once had is in its versions, until it is
// redacted or too old; of changes that are made at the same time each sees the
// one before it. Who watches a store is told after every commit that changed
// it.
//
// The package may not import api, brain, hands or net/http.
package memorystore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	DB  store.DB
	IDs ids.Source
	Now func() time.Time
}

// Service changes memories. It is safe for concurrent use.
type Service struct {
	Config
	mu    sync.Mutex
	watch func(storeID string)
}

// New makes a Service.
func New(c Config) *Service { return &Service{Config: c} }

// Watch makes f be told of every store that changed, after the commit. f must
// not block.
func (s *Service) Watch(f func(storeID string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch = f
}

// Touch tells who watches, after tx has committed, that a store changed.
func (s *Service) Touch(tx store.Tx, storeID string) {
	tx.OnCommit(func() {
		s.mu.Lock()
		f := s.watch
		s.mu.Unlock()
		if f != nil {
			f(storeID)
		}
	})
}

// Find reads a store; a refusal of kind NotFound if there is none.
func Find(tx store.Tx, id string) (wire.MemoryStore, error) {
	st, err := store.GetMemoryStore(tx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = fault.Missing("Memory store", id)
	}
	return st, err
}

// find reads a memory with its content.
func find(tx store.Tx, storeID, id string) (wire.Memory, error) {
	m, err := store.GetMemory(tx, storeID, id)
	if errors.Is(err, store.ErrNotFound) {
		err = fault.Missing("Memory", id)
	}
	return m, err
}

// Get reads a memory with its content.
func (s *Service) Get(ctx context.Context, storeID, id string) (m wire.Memory, err error) {
	err = s.DB.View(ctx, func(tx store.Tx) error {
		if _, err := Find(tx, storeID); err != nil {
			return err
		}
		m, err = find(tx, storeID, id)
		return err
	})
	return m, err
}

// Create makes a memory. It never replaces another.
func (s *Service) Create(ctx context.Context, storeID string, p wire.CreateMemoryParams, by wire.Actor) (m wire.Memory, err error) {
	path, content, err := memory.New(p)
	if err != nil {
		return m, err
	}
	err = s.DB.Update(ctx, func(tx store.Tx) error {
		w, err := s.Open(tx, storeID, by)
		if err == nil {
			err = memory.CheckActive(w.Store)
		}
		if err == nil {
			m, err = w.Create(path, content)
		}
		return err
	})
	return m, err
}

// Update changes the content or the path of a memory, or both.
func (s *Service) Update(ctx context.Context, storeID, id string, p wire.UpdateMemoryParams, by wire.Actor) (m wire.Memory, err error) {
	change, err := memory.NewChange(p)
	if err != nil {
		return m, err
	}
	err = s.DB.Update(ctx, func(tx store.Tx) error {
		w, err := s.Open(tx, storeID, by)
		if err != nil {
			return err
		}
		if m, err = find(tx, storeID, id); err != nil {
			return err
		}
		if err := memory.CheckActive(w.Store); err != nil {
			return err
		}
		path, content, changed, err := change.Apply(m)
		if err != nil || !changed {
			return err
		}
		m, err = w.Save(m, path, content)
		return err
	})
	return m, err
}

// Delete removes a memory, in an archived store too. expected is the sha256
// that its content must have; "" is any.
func (s *Service) Delete(ctx context.Context, storeID, id, expected string, by wire.Actor) error {
	return s.DB.Update(ctx, func(tx store.Tx) error {
		w, err := s.Open(tx, storeID, by)
		if err != nil {
			return err
		}
		m, err := find(tx, storeID, id)
		if err != nil {
			return err
		}
		if err := memory.CheckExpected(m, expected); err != nil {
			return err
		}
		return w.Delete(m)
	})
}

// Redact clears a version that is not the newest of a live memory.
func (s *Service) Redact(ctx context.Context, storeID, id string, by wire.Actor) (v wire.MemoryVersion, err error) {
	err = s.DB.Update(ctx, func(tx store.Tx) error {
		if v, err = Version(tx, storeID, id); err != nil {
			return err
		}
		head, err := store.IsHead(tx, id)
		if err != nil {
			return err
		}
		before := v.RedactedAt
		if v, err = memory.Redact(v, head, by, wire.Micros(s.Now().UnixMicro())); err != nil || before != nil {
			return err
		}
		return store.SaveRedaction(tx, v)
	})
	return v, err
}

// Version reads a version with its content.
func Version(tx store.Tx, storeID, id string) (v wire.MemoryVersion, err error) {
	if _, err := Find(tx, storeID); err != nil {
		return v, err
	}
	v, err = store.GetMemoryVersion(tx, storeID, id)
	if errors.Is(err, store.ErrNotFound) {
		err = fault.Missing("Memory version", id)
	}
	return v, err
}

// pruneBatch bounds the versions that one transaction removes.
const pruneBatch = 500

// Prune removes versions that need not be kept any longer.
func (s *Service) Prune(ctx context.Context) error {
	before := s.Now().Add(-memory.Retention).UnixMicro()
	for {
		var gone int64
		err := s.DB.Update(ctx, func(tx store.Tx) (err error) {
			gone, err = store.PruneMemoryVersions(tx, before, memory.KeptVersions, pruneBatch)
			return err
		})
		if err != nil || gone < pruneBatch {
			return err
		}
	}
}
