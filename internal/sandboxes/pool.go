package sandboxes

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/hands"
)

// poolDir is where sandboxes without a session have their files, below Dir.
const poolDir = "pool"

const (
	// refillPause is how long after one was taken the pool is filled: the
	// session's first call goes first.
	refillPause = 100 * time.Millisecond
	// checkEvery is how often it is looked at otherwise, and after a failure.
	checkEvery = time.Minute
	// maxSpare is how old a spare sandbox may be. Its CA must serve its session
	// for weeks.
	maxSpare = 12 * time.Hour
)

// pool is sandboxes that were started for no session yet. Each is given to one
// session, or to none. Until then nothing is at the other end of its network
// interface.
type pool struct {
	m      *Manager
	driver hands.Adopter // nil if there is no pool
	taken  chan struct{}

	mu    sync.Mutex
	ready []*spare
}

// spare is a sandbox of the pool.
type spare struct {
	sandbox hands.Sandbox
	dir     string
	wire    *lateWire
	ca      *gate.CA
	made    time.Time
}

// openPool removes what an earlier pool left, and begins to fill this one.
func (m *Manager) openPool() error {
	m.pool = &pool{m: m, taken: make(chan struct{}, 1)}
	if err := hands.RemoveAll(filepath.Join(m.Dir, poolDir)); err != nil {
		return err
	}
	driver, ok := m.Driver.(hands.Adopter)
	// A sandbox without an interface has a socket, which can't be added later.
	if !ok || m.WarmPool <= 0 || hands.Transparent(m.Driver) != nil {
		return nil
	}
	m.pool.driver = driver
	m.wg.Go(m.pool.fill)
	return nil
}

// fill keeps the pool full until the Manager is closed.
func (p *pool) fill() {
	for {
		p.prune()
		for p.missing() {
			if err := p.add(); err != nil {
				if p.m.ctx.Err() == nil {
					p.m.Log.Error("a spare sandbox was not started", "error", err)
				}
				break
			}
		}
		select {
		case <-p.m.ctx.Done():
			return
		case <-p.taken:
			pause(p.m.ctx, refillPause)
		case <-time.After(checkEvery):
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (p *pool) missing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.ready) < p.m.WarmPool && p.m.ctx.Err() == nil
}

// add starts a sandbox.
func (p *pool) add() error {
	select {
	case p.m.starts <- struct{}{}:
		defer func() { <-p.m.starts }()
	case <-p.m.ctx.Done():
		return p.m.ctx.Err()
	}
	ca, err := gate.NewCA()
	if err != nil {
		return err
	}
	id := sandboxID(rand.Text())
	s := &spare{dir: filepath.Join(p.m.Dir, poolDir, id), wire: &lateWire{}, ca: ca, made: time.Now()}
	if err := os.MkdirAll(s.dir, 0o711); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(p.m.ctx, hands.StartTimeout)
	defer cancel()
	s.sandbox, err = p.driver.Start(ctx, hands.Spec{ID: id, Dir: s.dir, TrustedCA: ca.PEM(), Limits: p.m.Limits, Shelf: p.driver.Shelves(), Network: s.wire.attach})
	if err != nil {
		return errors.Join(err, hands.RemoveAll(s.dir))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = append(p.ready, s)
	return nil
}

// take gives a sandbox away, for good; nil if there is none.
func (p *pool) take() *spare {
	for {
		p.mu.Lock()
		if len(p.ready) == 0 {
			p.mu.Unlock()
			return nil
		}
		s := p.ready[0]
		p.ready = p.ready[1:]
		p.mu.Unlock()
		select {
		case p.taken <- struct{}{}:
		default:
		}
		if s.usable() {
			return s
		}
		p.drop(s)
	}
}

func (s *spare) usable() bool {
	select {
	case <-s.sandbox.Done():
		return false
	default:
		return time.Since(s.made) < maxSpare
	}
}

// prune drops what can't be given away any more.
func (p *pool) prune() {
	p.mu.Lock()
	var bad, good []*spare
	for _, s := range p.ready {
		if s.usable() {
			good = append(good, s)
		} else {
			bad = append(bad, s)
		}
	}
	p.ready = good
	p.mu.Unlock()
	for _, s := range bad {
		p.drop(s)
	}
}

// drop ends a sandbox that no session gets.
func (p *pool) drop(s *spare) {
	if err := errors.Join(s.sandbox.Close(context.Background()), hands.RemoveAll(s.dir)); err != nil {
		p.m.Log.Error("a spare sandbox was not removed", "error", err)
	}
}

// close ends what is left. fill has ended.
func (p *pool) close() {
	p.mu.Lock()
	ready := p.ready
	p.ready = nil
	p.mu.Unlock()
	for _, s := range ready {
		p.drop(s)
	}
}
