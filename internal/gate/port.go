package gate

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Port is one sandbox's way out. Its methods are safe for concurrent use.
type Port struct {
	gate      *Gate
	path      string
	session   string
	listener  net.Listener
	policy    atomic.Pointer[policy.Policy]
	secrets   Secrets // never nil
	ca        *CA     // nil leaves all TLS alone
	transport *http.Transport
	bodies    *semaphore.Weighted // bytes of bodies that may be kept
	slots     chan struct{}       // a token for every connection

	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup // accept and the connections
	once   sync.Once
	err    error // of Close

	mu    sync.Mutex
	flows map[*flow]struct{}
}

func newPort(g *Gate, path string, l net.Listener, s Session) *Port {
	p := &Port{
		gate: g, path: path, session: s.ID, listener: l, secrets: s.Secrets, ca: s.CA,
		slots:  make(chan struct{}, 2*g.cfg.MaxConns),
		bodies: semaphore.NewWeighted(keptBodies * g.cfg.MaxScan),
		flows:  map[*flow]struct{}{},
	}
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	p.policy.Store(&s.Policy)
	if p.secrets == nil {
		p.secrets = func(context.Context) (Grants, error) { return Grants{}, nil }
	}
	p.transport = p.newTransport()
	return p
}

// SetPolicy puts another policy in force. What is open and not allowed by it
// is cut off before SetPolicy returns or soon after.
func (p *Port) SetPolicy(pol policy.Policy) {
	p.policy.Store(&pol)
	p.mu.Lock()
	defer p.mu.Unlock()
	for f := range p.flows {
		if p.decide(f.to) != nil {
			f.cancel(errPolicyChanged)
		}
	}
}

// Close ends everything that goes through the Port, removes the socket and
// waits until nothing of it runs. It is idempotent.
func (p *Port) Close() error {
	p.once.Do(func() {
		p.cancel(errPortClosed)
		p.err = p.listener.Close() // also removes the socket
		p.wg.Wait()
		p.transport.CloseIdleConnections()
		p.gate.forget(p)
	})
	return p.err
}

// accept serves connections until the listener is closed.
func (p *Port) accept() {
	for p.takeSlot() {
		conn, err := p.listener.Accept()
		if err != nil {
			<-p.slots
			if errors.Is(err, net.ErrClosed) || !p.pause() {
				return
			}
			continue
		}
		p.wg.Go(func() {
			defer func() { <-p.slots }()
			p.serve(conn)
		})
	}
}

func (p *Port) takeSlot() bool {
	select {
	case p.slots <- struct{}{}:
		return true
	case <-p.ctx.Done():
		return false
	}
}

// pause waits a little after a failed Accept (no file descriptors left, as a
// rule) and says whether to try again.
func (p *Port) pause() bool {
	t := time.NewTimer(50 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.ctx.Done():
		return false
	}
}

// serve speaks with one client of the socket.
func (p *Port) serve(conn net.Conn) {
	c := newClient(conn, plain)
	stop := onDone(p.ctx, c.abort)
	defer stop()
	defer c.finish()
	for p.serveOne(c, proxyTarget) {
	}
}
