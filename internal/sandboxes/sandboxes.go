// Package sandboxes gives each session its sandbox: made at the first tool
// call, with the session's files and its way through the gate, and stopped
// when the session ends. When it was idle for long, when too many are live, or
// when the server stops, it is suspended: its memory goes to a file below the
// session's directory, and the next call goes on with it. Sandboxes may be
// kept ready for sessions to come. What the agent put into its outputs is
// published from here.
//
// Promises: a session has at most one sandbox; calls of one session may come
// side by side; a sandbox that was lost or stopped is made again at the next
// call over the same directory, and that call's result says so. A checkpoint
// is used once at most, by this process or a later one; a sandbox that was kept
// ready belongs to one session. Nothing of a session's sandbox is left when
// Remove has been carried out.
//
// The package may not import api, brain or journal.
package sandboxes

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

// Config is what a Manager works with.
type Config struct {
	Driver hands.Driver
	Gate   *gate.Gate
	// Dir holds a directory a session. It must be private to the server.
	Dir string
	// SocketDir holds the gate's sockets; its path must be short. Its mode
	// must let the sandbox's user pass (0711).
	SocketDir string
	Limits    hands.Limits
	// Policy is what a session's sandbox may reach.
	Policy func(ctx context.Context, session string) (policy.Policy, error)
	// Credentials is what a session's vaults give its sandbox; nil gives
	// nothing.
	Credentials func(ctx context.Context, session string) ([]Credential, error)
	// Materialize places the session's files below dir and answers the links
	// that its sandbox needs.
	Materialize func(ctx context.Context, session, dir string) ([]hands.Link, error)
	// Mounts is what the session's sandbox shows besides dir, such as skills.
	// It is asked when a sandbox is made; nil shows nothing.
	Mounts func(ctx context.Context, session, dir string) ([]hands.Mount, error)
	// Software is asked before a sandbox is made; nil shows nothing.
	Software func(ctx context.Context, session, dir string) (Software, error)
	// Repositories makes the clones that dir's workspace lacks, once its
	// sandbox is there; turn is that of the call. It is asked before each call
	// until it is done. Nil makes none.
	Repositories func(ctx context.Context, session, dir string, turn int64) (notices []hands.Notice, done bool, err error)
	// Remark is asked once in a session's life, when its repositories are
	// there, for what the agent shall hear behind the result of its call; ""
	// and nil are nothing.
	Remark func(ctx context.Context, session, dir string) (string, error)
	// Injections are the credentials of the session's repositories, at each
	// request anew; has says whether there are repositories at all, whose
	// tokens may come later. Nil is none.
	Injections func(ctx context.Context, session string) (in []gate.Injection, has bool, err error)
	// Memory keeps mounted memory stores in step; nil has none.
	Memory Memory
	// Publish makes files of what is in dir's outputs.
	Publish func(ctx context.Context, session, dir string) error
	// Idle is how long a sandbox that can't be suspended stays without calls;
	// 0 is 30 minutes.
	Idle time.Duration
	// SuspendAfter is how long any other stays; 0 suspends none.
	SuspendAfter time.Duration
	// SuspendDisk bounds the bytes of all checkpoints; those that were made
	// first go first. 0 is 20 GiB.
	SuspendDisk int64
	// Keys seal what is kept of a suspended sandbox's secrets. Without them
	// none is suspended.
	Keys Keys
	// MaxLive bounds the live sandboxes: making one more puts away the one
	// that was idle longest; 0 is 500.
	MaxLive int
	// WarmPool is how many sandboxes are kept ready for sessions to come; they
	// don't count as live. A driver that can't have sandboxes adopted keeps
	// none.
	WarmPool int
	// Starts bounds how many sandboxes are being started at once; 0 is 8.
	Starts int
	Log    *slog.Logger
}

// Manager gives sessions their sandboxes. It is safe for concurrent use.
type Manager struct {
	Config
	ctx    context.Context
	cancel context.CancelFunc
	// putting ends a while after ctx.
	putting    context.Context
	endPutting context.CancelFunc
	wg         sync.WaitGroup
	starts     chan struct{}
	kept       checkpoints
	pool       *pool

	mu   sync.Mutex
	live map[string]*box // by session
}

// New makes a Manager and removes what sandboxes of an earlier process left
// behind.
func New(ctx context.Context, c Config) (*Manager, error) {
	if c.Idle == 0 {
		c.Idle = 30 * time.Minute
	}
	if c.MaxLive == 0 {
		c.MaxLive = 500
	}
	if c.Starts == 0 {
		c.Starts = 8
	}
	if err := c.Driver.Sweep(ctx); err != nil {
		return nil, err
	}
	m := &Manager{Config: c, starts: make(chan struct{}, c.Starts), live: map[string]*box{}}
	if m.SuspendDisk == 0 {
		m.SuspendDisk = 20 << 30
	}
	if err := m.kept.open(m.Dir); err != nil {
		return nil, err
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.putting, m.endPutting = context.WithCancel(context.Background())
	if err := m.openPool(); err != nil {
		m.cancel()
		m.endPutting()
		return nil, err
	}
	m.wg.Go(m.reap)
	return m, nil
}

// closeTime bounds how long Close waits for those that are being suspended, and
// then how long it suspends others; those that are left are stopped.
const closeTime = 15 * time.Second

// Close suspends or stops every sandbox. Sessions' directories stay.
func (m *Manager) Close() {
	m.cancel()
	last := time.AfterFunc(closeTime, m.endPutting)
	m.wg.Wait()
	last.Stop()
	m.endPutting()
	m.pool.close()
	m.mu.Lock()
	boxes := make([]*box, 0, len(m.live))
	for _, b := range m.live {
		boxes = append(boxes, b)
	}
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	var wg sync.WaitGroup
	for _, b := range boxes {
		wg.Go(func() {
			m.starts <- struct{}{}
			defer func() { <-m.starts }()
			if b.lock(context.Background()) == nil {
				defer b.unlock()
				b.putAway(ctx)
			}
		})
	}
	wg.Wait()
}

// dirOf is the host directory of a session's files.
func (m *Manager) dirOf(session string) string { return filepath.Join(m.Dir, sandboxID(session)) }

// sandboxID is the sandbox id of a session: session ids are case-sensitive
// and of any length, file systems and gVisor want less.
func sandboxID(session string) string {
	sum := sha256.Sum256([]byte(session))
	return "sbx_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:24]
}

// Run executes a call in the session's sandbox, which is made if need be.
func (m *Manager) Run(ctx context.Context, session string, call hands.Call) (hands.Result, error) {
	b := m.enter(session)
	defer b.leave()
	sandbox, fresh, notices, err := b.get(ctx, call.Turn)
	if err != nil {
		return hands.Result{Notices: notices}, err
	}
	m.catchUp(ctx, session)
	r, err := sandbox.Run(ctx, call)
	r.Notices = notices
	m.remember(ctx, session)
	if err == nil {
		m.heed(session, &r)
	}
	if err == nil && fresh {
		r.Content = append(r.Content, restartedNote)
	}
	for _, n := range notices {
		r.Content = append(r.Content, note(n))
	}
	if err == nil {
		r.Content = append(r.Content, b.takeRemarks()...)
	}
	return r, err
}

// Settle publishes the session's outputs and takes its memories, if it has a
// sandbox.
func (m *Manager) Settle(ctx context.Context, session string) error {
	m.mu.Lock()
	b := m.live[session]
	m.mu.Unlock()
	if b == nil || !b.used() {
		return nil
	}
	m.remember(ctx, session)
	return m.Publish(ctx, session, m.dirOf(session))
}

// Refresh tells a live sandbox that the session's resources changed.
func (m *Manager) Refresh(ctx context.Context, session string) error {
	m.mu.Lock()
	b := m.live[session]
	m.mu.Unlock()
	if b == nil {
		return nil
	}
	return b.relink(ctx)
}

// Remove stops the session's sandbox in the background and, if the session
// was deleted or archived, removes its files.
func (m *Manager) Remove(session string) {
	m.wg.Go(func() {
		b := m.enter(session)
		b.stop(context.Background())
		b.leave()
		m.mu.Lock()
		delete(m.live, session)
		m.mu.Unlock()
		m.kept.forget(m.dirOf(session))
		if err := hands.RemoveAll(m.dirOf(session)); err != nil {
			m.Log.Error("a session's directory was not removed", "session", session, "error", err)
		}
	})
}

// enter counts a call of a session, so that its box isn't retired.
func (m *Manager) enter(session string) *box {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.live[session]
	if b == nil {
		b = newBox(m, session)
		m.live[session] = b
	}
	b.mu.Lock()
	b.calls++
	b.mu.Unlock()
	return b
}
