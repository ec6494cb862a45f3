package gate

import (
	"net/http"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// decide asks the policy in force about a target. The address behind the name
// is the dialer's to judge.
func (p *Port) decide(to target) *refusal {
	pol := p.policy.Load()
	if refused := decideHost(pol, to.host); refused != nil {
		return refused
	}
	ports := p.gate.cfg.UnrestrictedPorts
	if pol.IsLimited() {
		ports = p.gate.cfg.LimitedPorts
	}
	if !ports.Contains(to.port) {
		return forbidden(ReasonPort, "port %d is not open to sandboxes; these are: %s", to.port, ports)
	}
	return nil
}

// decideHost asks a policy about a host alone.
func decideHost(pol *policy.Policy, host policy.Host) *refusal {
	switch {
	case pol.Allows(host):
		return nil
	case host.IsLiteral():
		return forbidden(ReasonHost, "the environment's networking is limited and "+
			"allows an address only if it is itself in its allowed_hosts")
	}
	return forbidden(ReasonHost, "the environment's networking is limited and %s is not in its allowed_hosts", host)
}

// admit decides on a flow that is registered already, so that SetPolicy either
// is seen here or sees the flow.
func (p *Port) admit(f *flow) *refusal {
	if refused := p.decide(f.to); refused != nil {
		return refused
	}
	p.mu.Lock()
	open := len(p.flows)
	p.mu.Unlock()
	if limit := p.gate.cfg.MaxConns; open > limit {
		return &refusal{
			http.StatusServiceUnavailable, Refused, ReasonLimit,
			"too many connections are open in this sandbox; close some and try again",
		}
	}
	return nil
}
