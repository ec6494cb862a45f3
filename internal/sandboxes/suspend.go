package sandboxes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/durable"
	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

// Keys seal and open texts for the one place that aad names.
type Keys interface {
	Seal(plain, aad string) (string, error)
	Unseal(sealed, aad string) (string, error)
}

// suspender is the driver if it suspends sandboxes and is to do so; else nil.
func (m *Manager) suspender() hands.Suspender {
	if m.SuspendAfter <= 0 || m.Keys == nil {
		return nil
	}
	d, _ := m.Driver.(hands.Suspender)
	return d
}

// A suspended sandbox is a directory in its session's, which has the driver's
// checkpoint and a sealed [memory]. While it is made, and when it was taken,
// the directory has another name.
const (
	suspended   = "suspended"
	suspending  = "suspending"
	resuming    = "resuming"
	dropped     = "dropped"
	checkpoint  = "checkpoint"
	memoryFile  = "memory"
	memoryPlace = "suspended_sandbox/" // with the session, the aad
)

// memory is what the server must know to go on with a sandbox.
type memory struct {
	Placeholders map[string]string `json:"placeholders"`
	CA           string            `json:"ca"` // gate.CA.Export, or ""
	Links        []hands.Link      `json:"links"`
	Shelf        bool              `json:"shelf"` // it was started with one
}

// putAway suspends the sandbox, or stops it if that can't be done. b is locked.
func (b *box) putAway(ctx context.Context) {
	if b.sandbox == nil {
		return
	}
	defer b.release(context.WithoutCancel(ctx))
	d := b.m.suspender()
	if d == nil || ctx.Err() != nil {
		return
	}
	select {
	case <-b.sandbox.Done():
		return
	default:
	}
	dir := b.m.dirOf(b.session)
	if err := b.suspend(ctx, d, dir); err != nil {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, suspending)))
		b.m.Log.Error("a sandbox was not suspended, but stopped", "session", b.session, "error", err)
		return
	}
	if err := b.m.kept.add(dir, b.m.SuspendDisk); err != nil {
		b.m.Log.Error("checkpoints were not removed", "error", err)
	}
}

// suspend ends the sandbox and leaves the directory of what it was.
func (b *box) suspend(ctx context.Context, d hands.Suspender, dir string) error {
	tmp := filepath.Join(dir, suspending)
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return err
	}
	if err := b.write(filepath.Join(tmp, memoryFile)); err != nil {
		return err
	}
	if err := d.Suspend(ctx, b.sandbox, filepath.Join(tmp, checkpoint)); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(dir, suspended)); err != nil {
		return err
	}
	return durable.SyncDir(dir)
}

// write seals and writes what must be known to resume.
func (b *box) write(path string) error {
	mem := memory{Placeholders: b.secrets.placeholders, Links: b.links, Shelf: b.shelf}
	if b.secrets.ca != nil {
		ca, err := b.secrets.ca.Export()
		if err != nil {
			return err
		}
		mem.CA = ca.Reveal()
	}
	plain, err := json.Marshal(mem)
	if err != nil {
		return err
	}
	sealed, err := b.m.Keys.Seal(string(plain), memoryPlace+b.session)
	if err != nil {
		return err
	}
	return durable.Create(path, sealed)
}

// resume goes on with the sandbox in the directory taken, which is removed. b is
// locked.
func (b *box) resume(ctx context.Context, dir, taken string, pol policy.Policy, in interior) (err error) {
	defer func() {
		if err := os.RemoveAll(taken); err != nil {
			b.m.Log.Error("a used checkpoint was not removed", "session", b.session, "error", err)
		}
	}()
	// A call that is interrupted must not cost the sandbox.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hands.StartTimeout)
	defer cancel()
	d := b.m.suspender()
	if d == nil {
		return errors.New("sandboxes are not suspended any more")
	}
	mem, was, err := b.read(filepath.Join(taken, memoryFile))
	if err != nil {
		return err
	}
	in.shelf = mem.Shelf
	spec := b.spec(dir, in)
	spec.Links = linkChanges(mem.Links, in.links)
	port, known, err := b.open(ctx, pol, &spec, was)
	if err != nil {
		return err
	}
	sandbox, err := d.Resume(ctx, spec, filepath.Join(taken, checkpoint))
	if err != nil {
		b.closePort(port)
		return err
	}
	b.keep(sandbox, port, in, known)
	return nil
}

func (b *box) read(path string) (mem memory, was *secrets, err error) {
	sealed, err := os.ReadFile(path)
	if err != nil {
		return memory{}, nil, err
	}
	plain, err := b.m.Keys.Unseal(string(sealed), memoryPlace+b.session)
	if err != nil {
		return memory{}, nil, err
	}
	if err := json.Unmarshal([]byte(plain), &mem); err != nil {
		return memory{}, nil, fmt.Errorf("what was known of the sandbox: %w", err)
	}
	was = &secrets{placeholders: mem.Placeholders}
	if mem.CA != "" {
		if was.ca, err = gate.ImportCA(gate.NewSecret(mem.CA)); err != nil {
			return memory{}, nil, err
		}
	}
	return mem, was, nil
}
