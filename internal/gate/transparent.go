package gate

import (
	"context"
	"net"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Lookup says why a sandbox may not know of a name, or nil. What it refuses is
// put on record. Ports are not its concern.
func (p *Port) Lookup(name policy.Host) error {
	refused := decideHost(p.policy.Load(), name)
	if refused == nil {
		return nil
	}
	f := p.begin(KindLookup, target{host: name})
	f.rec.Verdict, f.rec.Reason = refused.verdict, refused.reason
	f.end()
	return refused
}

// ServeFlow serves a connection that a program in the sandbox makes to a host
// without speaking to the gate, as it would serve a tunnel: by the same rules,
// and with the same records. It decides, reaches the host, calls accept for the
// program's connection, and returns when that has ended. If it returns without
// having called accept, the error is why, in words for the agent. What accept
// returns should have a CloseWrite method.
//
// The end of ctx or of the Port cuts the flow off; Close doesn't wait for it.
func (p *Port) ServeFlow(ctx context.Context, host policy.Host, port uint16, accept func() (net.Conn, error)) error {
	f := p.begin(KindFlow, target{host, port})
	defer onDone(ctx, func() { f.cancel(errGone) })()
	if refused := p.admit(f); refused != nil {
		return f.drop(refused)
	}
	up, covered, err := p.reach(f)
	if err != nil {
		return f.drop(explain(f.why(err)))
	}
	conn, err := accept()
	if err != nil {
		_ = up.Close() // nothing was sent on it
		return f.drop(explain(errGone))
	}
	c := newClient(conn, plain)
	defer onDone(p.ctx, c.abort)()
	defer c.finish()
	p.carry(f, c, up, covered)
	return nil
}

// drop ends a flow whose client isn't told why.
func (f *flow) drop(r *refusal) error {
	f.rec.Verdict, f.rec.Reason = r.verdict, r.reason
	f.end()
	return r
}
