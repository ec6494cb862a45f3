package mcp

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// link is what leads from a session to a server. Its connection comes and
// goes; the link stays as long as it is used.
type link struct {
	pool    *Pool
	session string
	server  Server
	ctx     context.Context // ends when the link is closed
	end     context.CancelFunc
	secrets secrets

	users int         // guarded by the pool's lock
	idle  *time.Timer // guarded by the pool's lock

	turn chan struct{} // held while connecting
	mu   sync.Mutex
	conn *conn // nil if there is none
	late bool  // the last list didn't come in time
}

// conn is one connection: an initialized session of the protocol.
type conn struct {
	session *sdk.ClientSession
	end     context.CancelFunc // of what the transport still does
	calls   calls

	// Guarded by the link's lock.
	listed  *listed // nil if it has to be asked for
	changes int     // notifications that the list changed
	users   int     // operations that are under way
	broken  bool    // it gets no further ones
}

func (l *link) log() *slog.Logger {
	return l.pool.cfg.Log.With("session", l.session, "mcp_server", l.server.Name)
}

func newLink(p *Pool, session string, s Server) *link {
	ctx, end := context.WithCancel(context.Background())
	return &link{pool: p, session: session, server: s, ctx: ctx, end: end, turn: make(chan struct{}, 1)}
}

// close ends the link; what is under way on it fails.
func (l *link) close() {
	l.end()
	l.mu.Lock()
	c := l.conn
	l.conn = nil
	l.mu.Unlock()
	if c != nil {
		c.close()
	}
}

// close tells the server and ends the connection. An error is of no use to
// anybody: the connection is gone.
func (c *conn) close() {
	_ = c.session.Close()
	c.end()
}

// leave ends an operation over a connection. One that broke is of no use for
// others, and is closed after those that are still under way: they may yet get
// their answers.
func (l *link) leave(c *conn, broke bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.users--
	if broke {
		c.broken = true
		if l.conn == c {
			l.conn = nil
		}
	}
	if c.broken && c.users == 0 {
		l.pool.wg.Go(c.close)
	}
}

// connection is the link's connection, and whether it was made just now. The
// caller has to leave it.
func (l *link) connection(ctx context.Context) (c *conn, fresh bool, err error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	l.mu.Lock()
	if c = l.conn; c != nil {
		c.users++
	}
	l.mu.Unlock()
	if c != nil {
		return c, false, nil
	}
	if c, err = l.connect(ctx); err != nil {
		return nil, false, err
	}
	l.pool.wg.Go(func() {
		_ = c.session.Wait() // the reason shows in the call that it broke
		l.mu.Lock()
		if l.conn == c {
			l.conn = nil
		}
		l.mu.Unlock()
		c.end()
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		l.pool.wg.Go(c.close)
		return nil, false, errClosed
	}
	l.conn = c
	c.users++
	return c, true, nil
}

// do does something over the connection. If that broke before, it is done
// again over another one, provided that the server surely did not begin it the
// first time, or that it may be repeated.
func (l *link) do(ctx context.Context, repeatable bool, f func(context.Context, *conn) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(l.ctx, func() { cancel(errClosed) })()
	for {
		hello, x := &exchange{}, &exchange{shared: true}
		c, fresh, err := l.connection(hello.watch(ctx))
		if err != nil {
			hello.before()
			return l.failure(ctx, err, hello)
		}
		err = f(x.watch(ctx), c)
		broken := err != nil && ctx.Err() == nil && x.broke(err, c.session.ID() != "")
		l.leave(c, broken)
		if err == nil {
			return nil
		}
		if !broken || fresh || !repeatable && x.begun() {
			return l.failure(ctx, err, x)
		}
	}
}

// failure is ctx's error if that ended, what the server said (an answer to the
// request) as a *refusal, and anything else as a *Failure.
func (l *link) failure(ctx context.Context, err error, x *exchange) error {
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errClosed) {
		return context.Cause(ctx)
	}
	return x.explain(err, l)
}
