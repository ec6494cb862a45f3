package gate

import (
	"context"
	"net"
	"sync"
)

// spare is the connection that was made to answer a CONNECT whose tunnel
// turned out to carry HTTP. The first request in it may go over it; after that
// it is closed, because nobody would notice that the host gave it up.
type spare struct {
	addr string

	mu   sync.Mutex
	conn net.Conn // nil when it was taken or closed
}

func newSpare(to target, conn net.Conn) *spare { return &spare{addr: to.String(), conn: conn} }

// take is the connection, if it is still there and leads to addr. The caller
// closes it.
func (s *spare) take(addr string) net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.addr != addr {
		return nil
	}
	conn := s.conn
	s.conn = nil
	return conn
}

// close closes what wasn't taken.
func (s *spare) close() {
	if conn := s.take(s.addr); conn != nil {
		_ = conn.Close() // nothing was sent on it
	}
}

// spareKey is the key of a *spare in the context of a request.
type spareKey struct{}

// spareOf is the connection that a request brought with it, or nil.
func spareOf(ctx context.Context, addr string) net.Conn {
	if s, ok := ctx.Value(spareKey{}).(*spare); ok && s != nil {
		return s.take(addr)
	}
	return nil
}

// serveTunnel serves the requests in a tunnel. host is the connection that was
// made for it.
func (p *Port) serveTunnel(c *client, to target, host net.Conn) {
	c.spare = newSpare(to, host)
	defer c.spare.close()
	for p.serveOne(c, within(to, c.scheme)) {
		c.spare.close()
	}
}
