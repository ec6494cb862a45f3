package sandboxes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

var restartedNote = json.RawMessage(`{"type":"text","text":"[The sandbox was started anew before this call: files in /workspace and /mnt/session are as they were, but running processes, shell variables and installed packages are gone.]"}`)

// marker is a file in a session's directory that tells that it once had a
// sandbox.
const marker = "started"

// box is a session's place for a sandbox.
type box struct {
	m       *Manager
	session string

	ready   chan struct{} // held while all is made that a call needs; taken before turn
	turn    chan struct{} // held while the sandbox is made, linked or stopped
	sandbox hands.Sandbox // nil without one
	port    *gate.Port
	links   []hands.Link
	shelf   bool     // it was made for nobody
	shown   Software // in the sandbox
	secrets secrets  // what its programs know
	// Guarded by ready.
	notices []hands.Notice // for the next call
	cloned  bool           // Repositories is done
	renewed bool           // the next call must hear of it
	asked   bool           // Remark was asked

	mu    sync.Mutex
	calls int       // running
	last  time.Time // end of the last call
	ran   bool      // a sandbox was made by this process
	// remarks are for the next result.
	remarks []json.RawMessage
}

func newBox(m *Manager, session string) *box {
	b := &box{m: m, session: session, ready: make(chan struct{}, 1), turn: make(chan struct{}, 1), last: time.Now()}
	return b
}

func (b *box) lock(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *box) unlock() { <-b.turn }

func (b *box) leave() {
	b.mu.Lock()
	b.calls--
	b.last = time.Now()
	b.mu.Unlock()
}

// idleSince is when the last call ended; false while one is running.
func (b *box) idleSince() (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last, b.calls == 0
}

func (b *box) used() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ran
}

// get is the live sandbox, with all in it that a call of this turn counts on.
// fresh tells that it was made just now in place of an earlier one, notices
// what it lacks.
func (b *box) get(ctx context.Context, turn int64) (s hands.Sandbox, fresh bool, notices []hands.Notice, err error) {
	select {
	case b.ready <- struct{}{}:
		defer func() { <-b.ready }()
	case <-ctx.Done():
		return nil, false, nil, ctx.Err()
	}
	if s, err = b.alive(ctx); s == nil && err == nil {
		s, fresh, err = b.renew(ctx)
	}
	if err == nil {
		err = b.clone(ctx, turn)
	}
	if err == nil {
		err = b.remark(ctx)
	}
	notices, b.notices = b.notices, nil
	b.renewed = b.renewed || fresh
	if err == nil {
		fresh, b.renewed = b.renewed, false
	}
	return s, fresh, notices, err
}

// alive is the sandbox if it is there. One that died is released.
func (b *box) alive(ctx context.Context) (hands.Sandbox, error) {
	if err := b.lock(ctx); err != nil {
		return nil, err
	}
	defer b.unlock()
	if b.sandbox != nil {
		select {
		case <-b.sandbox.Done():
			b.release(context.Background())
		default:
		}
	}
	return b.sandbox, nil
}

// renew makes a sandbox. What it shows may take long to make: b isn't locked
// meanwhile.
func (b *box) renew(ctx context.Context) (s hands.Sandbox, fresh bool, err error) {
	dir := b.m.dirOf(b.session)
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, false, err
	}
	software, err := b.software(ctx, dir)
	if err != nil {
		return nil, false, err
	}
	if err := b.lock(ctx); err != nil {
		software.Release()
		return nil, false, err
	}
	defer b.unlock()
	if fresh, err = b.make(ctx, dir, software); err != nil {
		software.Release()
	}
	return b.sandbox, fresh, err
}

// make goes on with the session's suspended sandbox, or takes or starts one; fresh says
// that a new one takes an earlier one's place. b is locked.
func (b *box) make(ctx context.Context, dir string, software Software) (fresh bool, err error) {
	select {
	case b.m.starts <- struct{}{}:
		defer func() { <-b.m.starts }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	// What can't be resumed leaves time for a start.
	ctx, cancel := context.WithTimeout(ctx, 2*hands.StartTimeout)
	defer cancel()
	b.m.evict()

	if _, err := os.Stat(filepath.Join(dir, marker)); err == nil {
		fresh = true
	}
	pol, err := b.m.Policy(ctx, b.session)
	if err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			b.forget(ctx)
		}
	}()
	if b.adopt(ctx, dir, pol, software) {
		return false, nil
	}
	in := interior{software: software}
	if in.mounts, err = b.mounts(ctx, dir); err != nil {
		return false, err
	}
	if in.links, err = b.m.Materialize(ctx, b.session, dir); err != nil {
		return false, err
	}
	taken, err := b.m.kept.take(dir)
	if err != nil {
		return false, err
	}
	if taken != "" {
		if err = b.resume(ctx, dir, taken, pol, in); err == nil {
			return false, nil
		}
		b.m.Log.Warn("a suspended sandbox was lost", "session", b.session, "error", err)
	}
	return fresh, b.start(ctx, dir, pol, in)
}

// interior is what a session's sandbox shows besides its directory.
type interior struct {
	links    []hands.Link
	mounts   []hands.Mount
	shelf    bool // the mounts came when it ran already
	software Software
}

// start makes a new sandbox over dir. b is locked.
func (b *box) start(ctx context.Context, dir string, pol policy.Policy, in interior) error {
	spec := b.spec(dir, in)
	port, known, err := b.open(ctx, pol, &spec, nil)
	if err != nil {
		return err
	}
	sandbox, err := b.m.Driver.Start(ctx, spec)
	if err != nil {
		b.closePort(port)
		return fmt.Errorf("start the sandbox: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, marker), nil, 0o600); err != nil {
		return errors.Join(err, sandbox.Close(context.Background()), port.Close())
	}
	b.keep(sandbox, port, in, known)
	return nil
}

// spec is what the session's sandbox is made of, but for its way out.
func (b *box) spec(dir string, in interior) hands.Spec {
	return hands.Spec{ID: sandboxID(b.session), Dir: dir, Links: in.links, Mounts: in.mounts, Shelf: in.shelf, Layers: in.software.Layers, Limits: b.m.Limits,
		GateSocket: filepath.Join(b.m.SocketDir, sandboxID(b.session))}
}

// keep makes a sandbox the session's. b is locked.
func (b *box) keep(sandbox hands.Sandbox, port *gate.Port, in interior, known secrets) {
	b.sandbox, b.port, b.links, b.shelf, b.shown, b.secrets = sandbox, port, in.links, in.shelf, in.software, known
	b.mu.Lock()
	b.ran = true
	b.mu.Unlock()
}

// release lets go of the sandbox. b is locked.
func (b *box) release(ctx context.Context) {
	if b.sandbox == nil {
		return
	}
	if err := b.sandbox.Close(ctx); err != nil {
		b.m.Log.Error("a sandbox was not closed", "session", b.session, "error", err)
	}
	b.closePort(b.port)
	b.forget(ctx)
	b.shown.Release()
	b.sandbox, b.port, b.shown, b.secrets = nil, nil, Software{}, secrets{}
}

// stop ends the sandbox, if there is one.
func (b *box) stop(ctx context.Context) {
	if b.lock(ctx) == nil {
		defer b.unlock()
		b.release(ctx)
	}
}

// relink brings the session's files and their links up to date in a live
// sandbox.
func (b *box) relink(ctx context.Context) error {
	if err := b.lock(ctx); err != nil {
		return err
	}
	defer b.unlock()
	if b.sandbox == nil {
		return nil
	}
	links, err := b.m.Materialize(ctx, b.session, b.m.dirOf(b.session))
	if err != nil {
		return err
	}
	if err := b.sandbox.Link(ctx, linkChanges(b.links, links)); err != nil {
		return err
	}
	b.links = links
	return nil
}

// linkChanges makes links of what was there before.
func linkChanges(before, links []hands.Link) []hands.Link {
	now := map[string]bool{}
	for _, l := range links {
		now[l.Path] = true
	}
	changes := append([]hands.Link(nil), links...)
	for _, l := range before {
		if !now[l.Path] {
			changes = append(changes, hands.Link{Path: l.Path})
		}
	}
	return changes
}
