package gate

import (
	"bytes"
	"errors"
	"io"
	"net"
	"time"
)

// connect makes the tunnel that a CONNECT asked for and ends its flow.
func (p *Port) connect(f *flow, c *client) {
	host, covered, err := p.reach(f)
	if err != nil {
		f.fail(c, err)
		f.end()
		return
	}
	_ = c.SetWriteDeadline(time.Now().Add(answerTime))
	if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		f.allowed(errors.Join(err, host.Close()))
		f.end()
		return
	}
	c.resume()
	p.carry(f, c, host, covered)
}

// reach connects to a flow's target and finds out whether credentials cover it.
func (p *Port) reach(f *flow) (host *net.TCPConn, covered bool, err error) {
	if covered, err = f.covered(); err == nil {
		host, err = p.dial(f)
	}
	return host, covered, err
}

// carry carries what the client says to the host that was reached, and back,
// and ends the flow.
func (p *Port) carry(f *flow, c *client, host *net.TCPConn, covered bool) {
	switch {
	case p.policy.Load().IsLimited():
		p.limitedTunnel(f, c, host, covered)
	case covered:
		p.openTunnel(f, c, host)
	default:
		f.run(c, host, func() error { return p.checkOpen(f, c) })
		f.end()
	}
}

// dial connects to a flow's target, unless the flow is cut off first.
func (p *Port) dial(f *flow) (*net.TCPConn, error) {
	conn, err := p.gate.cfg.Dialer.Dial(f.ctx, "tcp", f.to.host, f.to.port)
	if err != nil {
		return nil, err
	}
	f.rec.Addr = conn.RemoteAddr().String()
	half, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(errors.New("the dialer made no TCP connection"), conn.Close())
	}
	return half, nil
}

// run carries an allowed tunnel, whose first bytes check may still refuse.
func (f *flow) run(c *client, host duplex, check func() error) {
	err := f.tunnel(c, host, check)
	var refused *refusal
	if errors.As(err, &refused) {
		f.rec.Verdict, f.rec.Reason = refused.verdict, refused.reason
		return
	}
	f.allowed(err)
}

// checkOpen looks at the first bytes in an unrestricted tunnel: TLS must be
// for the tunnel's host if that is a name. All else passes.
func (p *Port) checkOpen(f *flow, c *client) error {
	if f.to.host.IsLiteral() {
		return nil
	}
	hello, isTLS, err := c.sniffTLS()
	if err != nil || !isTLS {
		return nil // what is wrong shows when it is copied
	}
	if refused := serverName(hello, f.to); refused != nil {
		return hangUp(c, refused)
	}
	return nil
}

// openTunnel finds out whether an unrestricted tunnel to a host of credentials
// carries HTTP, within TLS or not, and serves its requests if so. It ends the
// flow.
func (p *Port) openTunnel(f *flow, c *client, host *net.TCPConn) {
	proto, hello, said, err := f.overture(c, host)
	switch {
	case err != nil:
		f.allowed(errors.Join(err, host.Close()))
		f.end()
	case proto == protoTLS && p.takesOff(hello, f.to):
		p.takeOff(f, c, host)
	case proto == protoHTTP:
		f.allowed(nil)
		f.end()
		p.serveTunnel(c, f.to, host)
	default:
		f.run(c, resumed{host, io.MultiReader(bytes.NewReader(said), host)}, func() error { return p.checkOpen(f, c) })
		f.end()
	}
}

// limitedTunnel waits for the first bytes in a tunnel under limited networking
// and carries TLS as it is and HTTP request by request; if credentials cover
// the host, also the HTTP within TLS. It ends the flow.
func (p *Port) limitedTunnel(f *flow, c *client, host *net.TCPConn, covered bool) {
	c.readWithin(p.gate.cfg.HeaderTimeout) // before the flow may interrupt it
	stop := onDone(f.ctx, c.interrupt)
	proto, hello, err := c.sniff()
	stop()
	c.resume()
	var refused *refusal
	switch {
	case err != nil:
		refused = explain(f.why(err))
	case proto == protoTLS:
		refused = serverName(hello, f.to)
		if refused == nil && hello.encrypted && p.gate.cfg.RefuseECH {
			refused = forbidden(ReasonECH, "the TLS client hello is encrypted")
		}
		if refused == nil && covered && p.takesOff(hello, f.to) {
			p.takeOff(f, c, host)
			return
		}
	case proto == protoHTTP:
		f.allowed(nil)
		f.end()
		p.serveTunnel(c, f.to, host)
		return
	default:
		refused = forbidden(ReasonProtocol, "limited networking allows TLS and HTTP only")
	}
	defer f.end()
	if refused == nil {
		f.run(c, host, nil)
		return
	}
	f.rec.Verdict, f.rec.Reason = refused.verdict, refused.reason
	if proto == protoTLS {
		_ = hangUp(c, refused)
	}
	_ = host.Close() // nothing was sent on it
}

// serverName compares the name in a ClientHello with the tunnel's host.
func serverName(hello clientHello, to target) *refusal {
	if hello.serverName == "" {
		return nil
	}
	named, refused := parseTarget(hello.serverName, "443")
	if refused == nil && named.host == to.host {
		return nil
	}
	return forbidden(ReasonServerName, "the TLS server name is another host than the tunnel's")
}

// accessDenied is a fatal TLS alert (RFC 8446 section 6), so that the client
// can say what happened.
const accessDenied = "\x15\x03\x03\x00\x02\x02\x31"

// hangUp tells a TLS client that it is refused. The refusal comes back; a
// client that doesn't take the alert is refused all the same.
func hangUp(c *client, r *refusal) error {
	_ = c.SetWriteDeadline(time.Now().Add(answerTime))
	_, _ = io.WriteString(c, accessDenied)
	return r
}
