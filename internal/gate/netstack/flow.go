package netstack

import (
	"fmt"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// forward decides on a connection that a program asked for. It runs in a
// goroutine of its own.
func (s *Stack) forward(r *tcp.ForwarderRequest) {
	if !s.enter() {
		r.Complete(false)
		return
	}
	defer s.leave()
	id := r.ID()
	to := netip.AddrPortFrom(addrOf(id.LocalAddress), id.LocalPort)
	answered := false
	accept := func() (net.Conn, error) {
		answered = true
		var queue waiter.Queue
		end, err := r.CreateEndpoint(&queue)
		r.Complete(false)
		if err != nil {
			return nil, fmt.Errorf("the handshake: %s", err)
		}
		return &conn{TCPConn: gonet.NewTCPConn(&queue, end), end: end, ended: &s.ended}, nil
	}
	if to == netip.AddrPortFrom(subnet.Gateway, dnsPort) {
		s.answerStream(accept)
	} else if host, ok := s.hostOf(to.Addr()); ok {
		s.serve(host, to.Port(), accept)
	}
	if !answered {
		r.Complete(true)
	}
}

// serve gives a connection to the gate, unless there are too many.
func (s *Stack) serve(host policy.Host, port uint16, accept func() (net.Conn, error)) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
		_ = s.gate.ServeFlow(s.ctx, host, port, accept) // the gate keeps the account of what it refuses
	default:
	}
}

// hostOf is what an address stands for; false if that is nothing.
func (s *Stack) hostOf(a netip.Addr) (policy.Host, bool) {
	a = a.Unmap()
	switch {
	case !a.IsValid(), a == subnet.Gateway6:
		return policy.Host{}, false
	case subnet.Names.Contains(a):
		return s.names.nameOf(a)
	}
	return policy.AddrHost(a), true
}

func addrOf(a tcpip.Address) netip.Addr {
	addr, _ := netip.AddrFromSlice(a.AsSlice()) // the zero Addr is nobody's
	return addr
}
