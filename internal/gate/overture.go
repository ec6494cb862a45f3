package gate

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// overture waits until it is clear what goes on in a tunnel that may carry
// anything: the client begins with TLS or HTTP, or with something else, or the
// host speaks first. In the last case, and if either side ends without a word,
// the answer is protoOther, with what the host said; the client's bytes are
// all still there. The error is that of a flow that was cut off.
func (f *flow) overture(c *client, host *net.TCPConn) (p proto, hello clientHello, said []byte, err error) {
	stop := onDone(f.ctx, c.interrupt)
	dog := newWatchdog(f.port.gate.cfg.IdleTimeout, func() { f.cancel(errIdle) })
	defer dog.stop()
	heard := make(chan []byte, 1)
	go func() {
		buf := make([]byte, 4<<10)
		n, err := host.Read(buf)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			c.interrupt() // the host was first
		}
		heard <- buf[:n]
	}()
	p, hello, sniffErr := c.sniffOpen()
	_ = host.SetReadDeadline(past)
	said = <-heard
	_ = host.SetReadDeadline(time.Time{})
	stop()
	c.resume()
	if f.ctx.Err() != nil {
		return protoOther, clientHello{}, nil, f.why(f.ctx.Err())
	}
	if sniffErr != nil || len(said) > 0 {
		return protoOther, hello, said, nil
	}
	return p, hello, nil, nil
}

// resumed is a host that said something before it was listened to.
type resumed struct {
	duplex
	r io.Reader
}

// Read reads what was said, and then on.
func (h resumed) Read(p []byte) (int, error) { return h.r.Read(p) }
