package gate

import (
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Config is what all sandboxes of a Gate share. Zero fields have defaults.
type Config struct {
	// Dialer makes the connections. Default: one that allows nothing private.
	Dialer *dial.Dialer
	// The ports that are open under limited and under unrestricted
	// networking. Defaults: policy.LimitedPorts, policy.UnrestrictedPorts.
	LimitedPorts, UnrestrictedPorts policy.Ports
	// MaxConns is how many requests and tunnels a sandbox may have open at
	// once; more are answered with 503. Twice as many connections to the
	// socket are accepted, the rest waits. Default 256.
	MaxConns int
	// HeaderTimeout is how long a client may take for the header of a
	// request, and under limited networking for the first bytes in a tunnel.
	// Default 30 seconds.
	HeaderTimeout time.Duration
	// IdleTimeout is how long a request or tunnel may go without a byte in
	// either direction, which bounds the time to an answer too. Default 10
	// minutes.
	IdleTimeout time.Duration
	// RefuseECH refuses TLS with encrypted client hello under limited
	// networking, which could hide another server name. It is off because
	// Chromium sends a dummy of it always.
	RefuseECH bool
	// Roots are the authorities that the hosts of credentials must have their
	// certificates from, where the gate speaks TLS with them in the sandbox's
	// place. Default: the system's; SystemRoots adds to those.
	Roots *x509.CertPool
	// MaxScan is in how many bytes of a request's body placeholders are looked
	// for; those that begin after them go on as they are. A sandbox may have
	// four such bodies kept in memory at once, further ones wait. Default 10
	// MiB.
	MaxScan int64
	// OpaqueBasic leaves placeholders within the base64 of an "Authorization:
	// Basic" field alone.
	OpaqueBasic bool
	// Audit is told of every request and tunnel when it ends, from many
	// goroutines, and must not block. Default: nobody is.
	Audit func(Record)
}

// Session is what a sandbox is to the gate.
type Session struct {
	ID     string // for the audit
	Policy policy.Policy
	// Secrets are the credentials that are put into its requests. Default:
	// none.
	Secrets Secrets
	// CA signs for the hosts of credentials; the sandbox must trust it.
	// Without one all TLS is left alone, and credentials are put into plain
	// HTTP only.
	CA *CA
}

// ErrClosed says that a Gate was used after Close.
var ErrClosed = errors.New("the gate is closed")

// Gate serves the sandboxes of one machine. It is safe for concurrent use.
type Gate struct {
	cfg Config

	mu     sync.Mutex
	closed bool
	ports  map[string]*Port // by socket path
}

// New makes a Gate that serves nothing yet.
func New(cfg Config) *Gate {
	if cfg.Dialer == nil {
		cfg.Dialer = &dial.Dialer{}
	}
	if cfg.LimitedPorts.IsZero() {
		cfg.LimitedPorts = policy.LimitedPorts
	}
	if cfg.UnrestrictedPorts.IsZero() {
		cfg.UnrestrictedPorts = policy.UnrestrictedPorts
	}
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 256
	}
	if cfg.HeaderTimeout == 0 {
		cfg.HeaderTimeout = 30 * time.Second
	}
	if cfg.IdleTimeout == 0 {
		cfg.IdleTimeout = 10 * time.Minute
	}
	if cfg.MaxScan == 0 {
		cfg.MaxScan = 10 << 20
	}
	if cfg.Audit == nil {
		cfg.Audit = func(Record) {}
	}
	return &Gate{cfg: cfg, ports: map[string]*Port{}}
}

// Open makes a unix socket at socketPath and serves a sandbox on it until
// Port.Close. The directory must be there; a socket that a dead process left
// at the path is replaced. The socket's mode is 0666, so that the sandbox's
// user can connect to it once it is bound in: keep other users out by the mode
// of the directory (0711 and names that can't be guessed, or 0700).
//
// The error says so if the path is longer than MaxSocketPath, if something
// that isn't a socket is at the path, or if this Gate serves it already.
func (g *Gate) Open(socketPath string, s Session) (*Port, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, ErrClosed
	}
	if g.ports[socketPath] != nil {
		return nil, fmt.Errorf("gate socket %s is being served already", socketPath)
	}
	l, err := listen(socketPath)
	if err != nil {
		return nil, fmt.Errorf("gate socket: %w", err)
	}
	p := newPort(g, socketPath, l, s)
	g.ports[socketPath] = p
	p.wg.Go(p.accept)
	return p, nil
}

// Close closes every Port and waits for them. It is idempotent.
func (g *Gate) Close() error {
	g.mu.Lock()
	g.closed = true
	ports := make([]*Port, 0, len(g.ports))
	for _, p := range g.ports {
		ports = append(ports, p)
	}
	g.mu.Unlock()
	var errs []error
	for _, p := range ports {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// forget lets a path be opened again.
func (g *Gate) forget(p *Port) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ports[p.path] == p {
		delete(g.ports, p.path)
	}
}
