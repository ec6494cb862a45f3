package gate

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// covered says whether the credentials of the sandbox apply to a tunnel's
// host, so that the gate must see the requests in it. The error is a *refusal.
func (f *flow) covered() (bool, error) {
	grants, err := f.lookUp()
	return err == nil && grants.cover(f.to.host), err
}

// takesOff says whether the gate takes the TLS of a tunnel to a covered host
// off. It leaves a client alone that speaks no HTTP/1.1, and one whose TLS is
// for another name than an address it asked for; nothing is put into what they
// send.
func (p *Port) takesOff(hello clientHello, to target) bool {
	return p.ca != nil && !hello.otherALPN && serverName(hello, to) == nil
}

// takeOff takes the TLS of a tunnel off in the host's place, and serves the
// requests inside. It ends the flow. What is between the gate and the host is
// TLS too, which the transport makes and checks as the client would have.
func (p *Port) takeOff(f *flow, c *client, host net.Conn) {
	inner, err := p.handshake(f, c)
	if err != nil {
		_ = host.Close() // nothing was sent on it
		f.rec.Verdict, f.rec.Reason = Failed, ReasonTLS
		var cut cutOff
		if errors.As(f.why(err), &cut) {
			f.rec.Reason = explain(cut).reason
		}
		f.end()
		return
	}
	f.allowed(nil)
	f.end()
	defer inner.finish()
	p.serveTunnel(inner, f.to, host)
}

// handshake speaks TLS with a client as the tunnel's host.
func (p *Port) handshake(f *flow, c *client) (*client, error) {
	cert, err := p.ca.certificate(f.to.host)
	if err != nil {
		return nil, err
	}
	conn := tls.Server(c, &tls.Config{
		Certificates:           []tls.Certificate{*cert},
		NextProtos:             http1,
		MinVersion:             tls.VersionTLS12,
		SessionTicketsDisabled: true, // a ticket would hold for one tunnel
	})
	ctx, cancel := context.WithTimeout(f.ctx, p.gate.cfg.HeaderTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return newClient(conn, secure), nil
}
