// Package lifecycle changes sessions: it creates them, takes in events of
// clients, updates, archives and deletes them. Each change is one transaction
// that checks the rules of package session against what is stored; when it
// has returned nil, the change is on disk and the turn knows of it.
//
// The package may not import api or net/http.
package lifecycle

import (
	"context"
	"errors"
	"time"

	"github.com/ostlerdev/ostler/internal/agent"
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Turns is told what concerns running turns. Its methods don't block.
type Turns interface {
	Wake(session string)      // the inbox or the open calls changed
	Interrupt(session string) // a user.interrupt was queued
	Forget(session string)    // the session was deleted
}

// Models tells what models can do.
type Models interface {
	agent.Models
	MidConversationSystem(id string) bool
}

// Service changes sessions.
type Service struct {
	DB        store.DB
	Journal   *journal.Journal
	IDs       ids.Source
	Now       func() time.Time
	Models    Models
	Turns     Turns
	Sealer    resource.Sealer
	Resources resource.Options
	// Ended is called after a session was archived or deleted, to remove its
	// sandbox. It doesn't block.
	Ended func(session string, deleted bool)
	// Changed is called after the resources of a session changed, to show
	// them in its sandbox before the client goes on; nil does nothing.
	Changed func(ctx context.Context, session string)
	// Unused is given keys of file bytes that nothing refers to any more.
	Unused func(blobs []string)
}

// missing turns store.ErrNotFound into the API's refusal.
func missing(err error, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.Missing("Session", id)
	}
	return err
}

// wired is the API's form of a session.
func (s *Service) wired(tx store.Tx, row *store.Session) (*wire.Session, error) {
	resources, err := store.ResourcesOf(tx, row.ID)
	if err != nil {
		return nil, err
	}
	return row.Wire(s.Now().UnixMicro(), resources)
}

// Get reads a session.
func (s *Service) Get(ctx context.Context, id string) (out *wire.Session, err error) {
	err = s.DB.View(ctx, func(tx store.Tx) error {
		row, err := store.GetSession(tx, id)
		if err != nil {
			return missing(err, id)
		}
		out, err = s.wired(tx, row)
		return err
	})
	return out, err
}
