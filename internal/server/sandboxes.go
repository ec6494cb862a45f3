package server

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/ostlerdev/ostler/internal/audit"
	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/memorysync"
	"github.com/ostlerdev/ostler/internal/sandboxes"
)

// sandboxes makes the manager of sandboxes and the gate they go out by.
func (s *Server) sandboxes(ctx context.Context, c Config, b *base, in contents) (*sandboxes.Manager, error) {
	log := audit.New(b.db, c.Log, time.Now)
	s.background(log.Run)
	roots, err := gateRoots(c.GateCA)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_GATE_CA: %w", err)
	}
	out := gate.New(gate.Config{Dialer: b.dialer, Audit: log.Record, Roots: roots})
	s.onClose(out.Close)
	sockets, err := b.data.socketDir()
	if err != nil {
		return nil, err
	}
	s.onClose(func() error { return os.RemoveAll(sockets) })
	ready, err := s.provision(c, b, out, sockets)
	if err != nil {
		return nil, err
	}
	mounts := memorysync.New(memorysync.Config{DB: b.db, Memories: in.memories, Log: c.Log})
	s.onClose(mounts.Close)
	boxes, err := sandboxes.New(ctx, sandboxes.Config{
		Driver: s.Driver, Gate: out, Dir: b.data.file("sandboxes"), SocketDir: sockets, Limits: c.Limits, Log: c.Log,
		Policy:      policyOf(b.db),
		Credentials: credentialsOf(b.db, b.keys),
		Materialize: in.files.materialize,
		Software:    software(ready), Repositories: ready.Repositories, Injections: ready.Injections,
		Mounts: in.mounts(mounts), Remark: in.skills.InRepositories, Memory: mounts,
		Publish:      in.files.publish,
		SuspendAfter: c.SuspendAfter, SuspendDisk: c.SuspendDisk, Keys: b.keys, WarmPool: c.WarmPool,
	})
	if err != nil {
		return nil, err
	}
	s.onClose(func() error { boxes.Close(); return nil })
	if err := mounts.Recover(ctx, b.data.file("sandboxes")); err != nil { // now that no sandbox of an earlier process is left
		c.Log.Error("what agents wrote to memory stores before the last stop was not taken", "error", err)
	}
	return boxes, nil
}
