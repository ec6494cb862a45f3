package gate

import (
	"context"
	"net"
	"net/http"
	"time"
)

// maxResponseHead bounds the header of a host's answer, in bytes.
const maxResponseHead = 256 << 10

// newTransport makes the connections that a Port's HTTP requests go over. They
// are kept for further requests of the same sandbox, and of no other.
func (p *Port) newTransport() *http.Transport {
	t := p.gate.cfg.Dialer.Transport()
	t.DialContext = p.dialRequest
	t.ForceAttemptHTTP2 = false
	t.DisableCompression = true
	t.MaxIdleConnsPerHost = 8
	t.IdleConnTimeout = time.Minute
	t.MaxResponseHeaderBytes = maxResponseHead
	return t
}

// dialRequest dials for the transport, which goes on dialling when the request
// that wanted the connection has ended: the Port's end stops it.
func (p *Port) dialRequest(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	return p.gate.cfg.Dialer.DialContext(ctx, network, addr)
}
