package gate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
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
	t.TLSClientConfig = &tls.Config{
		RootCAs: p.gate.cfg.Roots, NextProtos: http1, MinVersion: tls.VersionTLS12,
	}
	return t
}

// http1 is the protocol inside TLS, on both sides of the gate (RFC 7301).
var http1 = []string{"http/1.1"}

// SystemRoots are the system's authorities and those of a PEM text, for
// Config.Roots. The error says so if the text holds no certificate.
func SystemRoots(extra []byte) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's authorities: %w", err)
	}
	if !pool.AppendCertsFromPEM(extra) {
		return nil, errors.New("additional authorities: there is no PEM certificate")
	}
	return pool, nil
}

// dialRequest dials for the transport, which goes on dialling when the request
// that wanted the connection has ended: the Port's end stops it.
func (p *Port) dialRequest(ctx context.Context, network, addr string) (net.Conn, error) {
	if conn := spareOf(ctx, addr); conn != nil {
		return conn, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	return p.gate.cfg.Dialer.DialContext(ctx, network, addr)
}
