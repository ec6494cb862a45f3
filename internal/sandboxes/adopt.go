package sandboxes

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

// adopt gives the session a sandbox of the pool, if there is one that can be
// what its own would be: the first of the session, without software of its
// own. ok says that the session has its sandbox. b is locked.
func (b *box) adopt(ctx context.Context, dir string, pol policy.Policy, software Software) (ok bool) {
	p := b.m.pool
	if p.driver == nil || len(software.Layers) > 0 || used(dir) {
		return false
	}
	if !p.driver.Shelves() {
		if mounts, err := b.mounts(ctx, dir); err != nil || len(mounts) > 0 {
			return false // who starts one of its own meets the error again
		}
	}
	s := p.take()
	if s == nil {
		return false
	}
	if err := b.adoptSpare(ctx, dir, pol, software, s); err != nil {
		b.m.Log.Warn("a spare sandbox could not be used", "session", b.session, "error", err)
		p.drop(s)
		return false
	}
	if err := os.Remove(s.dir); err != nil {
		b.m.Log.Error("a spare sandbox's directory was not removed", "error", err)
	}
	return true
}

// used says whether a sandbox had its files in dir before.
func used(dir string) bool {
	for _, name := range []string{marker, "workspace", "uploads", "outputs", hands.ShelfDir, "run"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

func (b *box) adoptSpare(ctx context.Context, dir string, pol policy.Policy, software Software, s *spare) (err error) {
	driver := b.m.pool.driver
	if err := driver.Move(s.sandbox, dir); err != nil {
		return err
	}
	// What the session has goes where the sandbox's directories are now.
	in := interior{software: software, shelf: driver.Shelves()}
	if in.mounts, err = b.mounts(ctx, dir); err != nil {
		return err
	}
	if in.links, err = b.m.Materialize(ctx, b.session, dir); err != nil {
		return err
	}
	spec := b.spec(dir, in)
	port, known, err := b.open(ctx, pol, &spec, &secrets{ca: s.ca})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			b.closePort(port)
		}
	}()
	spec.GateSocket, spec.Network = "", nil
	if err := s.wire.connect(port); err != nil {
		return err
	}
	if err := driver.Adopt(ctx, s.sandbox, spec); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, marker), nil, 0o600); err != nil {
		return err
	}
	b.keep(s.sandbox, port, in, known)
	return nil
}
