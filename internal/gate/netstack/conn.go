package netstack

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// conn is a connection from a sandbox, with the errors of an ordinary one.
type conn struct {
	*gonet.TCPConn
	end   tcpip.Endpoint
	ended *graveyard
	once  sync.Once
}

// Read implements [net.Conn].
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	return n, c.ordinary(err)
}

// Write implements [net.Conn].
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.TCPConn.Write(b)
	return n, c.ordinary(err)
}

func (c *conn) ordinary(err error) error {
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil, err == io.EOF:
		return err
	case errors.As(err, &timeout) && timeout.Timeout():
		return os.ErrDeadlineExceeded
	}
	return errors.Join(syscall.ECONNRESET, err)
}

// Close implements [net.Conn]. What was written is still sent; see graveyard.
func (c *conn) Close() error {
	var err error
	c.once.Do(func() {
		_ = c.SetDeadline(time.Unix(1, 0)) // reads and writes that wait
		err = c.TCPConn.Close()
		c.ended.bury(c.end)
	})
	return err
}

// graveyard bounds the connections that were closed here before the sandbox
// took all that was written to them. Each may hold a buffer for as long as the
// sandbox likes, so a grave is kept for the last of them only: who was there
// before is reset.
type graveyard struct {
	mu   sync.Mutex
	ends [maxHandshakes]tcpip.Endpoint
	next int
}

func (g *graveyard) bury(end tcpip.Endpoint) {
	g.mu.Lock()
	before := g.ends[g.next]
	g.ends[g.next] = end
	g.next = (g.next + 1) % len(g.ends)
	g.mu.Unlock()
	if before != nil {
		reset(before)
	}
}

// reset ends a connection at once, if it hasn't ended.
func reset(end tcpip.Endpoint) {
	if state := tcp.EndpointState(end.State()); state != tcp.StateClose && state != tcp.StateError {
		end.Abort()
	}
}
