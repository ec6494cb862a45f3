package gate

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

const (
	maxHead      = 32 << 10        // bytes of a request's header, or of a ClientHello
	keepAlive    = 2 * time.Minute // between requests
	answerTime   = 5 * time.Second // for a client to take one of our own answers
	lingerTime   = time.Second     // for a client to notice that we hang up
	lingerLength = 256 << 10       // bytes a client may still send meanwhile
)

// past is a deadline that is over.
var past = time.Unix(1, 0)

// duplex is a connection whose two directions end one by one.
type duplex interface {
	io.ReadWriteCloser
	CloseWrite() error
}

// client is the sandbox's end of a connection. Every read goes through br,
// which may hold bytes that came early.
//
// Setting a deadline fails only on a connection that is closed, and then the
// read or write that follows says so; that is why those errors are dropped.
type client struct {
	net.Conn
	br     *bufio.Reader
	scheme scheme // of its requests
	spare  *spare // for its first request; nil if there is none
	served bool   // a request has been read

	mu   sync.Mutex
	gone chan struct{} // closed when the watcher has ended; nil if none runs
}

func newClient(conn net.Conn, s scheme) *client {
	return &client{Conn: conn, br: bufio.NewReaderSize(conn, maxHead), scheme: s}
}

// Read reads what the client sends.
func (c *client) Read(p []byte) (int, error) { return c.br.Read(p) }

// CloseWrite tells the client that nothing more comes.
func (c *client) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// readWithin sets how long reads may take from now on.
func (c *client) readWithin(d time.Duration) { _ = c.SetReadDeadline(time.Now().Add(d)) }

// interrupt ends reads and writes that are under way; resume allows new ones.
func (c *client) interrupt() { _ = c.SetDeadline(past) }
func (c *client) resume()    { _ = c.SetDeadline(time.Time{}) }

// abort ends the connection at once.
func (c *client) abort() { _ = c.Close() }

// finish ends the connection so that the client gets what was written: it is
// told that nothing more comes, and what it still sends is read for a moment,
// because closing a socket with unread bytes resets it.
func (c *client) finish() {
	defer c.abort()
	if c.CloseWrite() != nil {
		return // closed already
	}
	c.readWithin(lingerTime)
	_, _ = io.CopyN(io.Discard, c.br, lingerLength)
}

// watch calls gone if the client hangs up before unwatch. Bytes that the
// client sends stay in br. A second watch does nothing.
func (c *client) watch(gone func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone != nil {
		return
	}
	done := make(chan struct{})
	c.gone = done
	go func() {
		defer close(done)
		if _, err := c.br.Peek(1); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			gone()
		}
	}()
}

// unwatch ends the watcher and waits for it.
func (c *client) unwatch() {
	c.mu.Lock()
	done := c.gone
	c.gone = nil
	c.mu.Unlock()
	if done == nil {
		return
	}
	_ = c.SetReadDeadline(past)
	<-done
	_ = c.SetReadDeadline(time.Time{})
}
