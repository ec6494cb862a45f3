package netstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Gate decides on what comes out of a sandbox, and makes its connections.
// *gate.Port is one.
type Gate interface {
	// Lookup says why a sandbox may not know of a name, or nil.
	Lookup(policy.Host) error
	// ServeFlow decides on a connection to host and port and reaches the
	// host; then it calls accept and serves the connection that it gets until
	// that ends. If it returns without having called accept the connection is
	// refused. The end of ctx ends it all.
	ServeFlow(ctx context.Context, host policy.Host, port uint16, accept func() (net.Conn, error)) error
}

// Limits of a Stack.
const (
	maxHandshakes = 256       // connections being decided on or accepted; more wait
	maxFlows      = 512       // connections; more are refused
	bufferSize    = 256 << 10 // of a connection, in bytes, each direction
	// endTime is how long the two states in which a connection waits for
	// packets that may be late last. None are late here.
	endTime = 5 * time.Second
)

const nic tcpip.NICID = 1

// Stack is the far end of one sandbox's interface.
type Stack struct {
	gate  Gate
	file  *os.File
	stack *stack.Stack
	names *names
	ended graveyard

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // what runs as long as the Stack does
	dns    *gonet.UDPConn
	lookup chan struct{} // a token for every connection to the name server
	slots  chan struct{} // and for every other

	mu     sync.Mutex
	closed bool
	flows  sync.WaitGroup // grows only under mu and before closed

	once sync.Once
	err  error
}

// New starts a Stack on packets, a file on which each read and write is one IP
// packet. The Stack owns the file from then on, also if New fails.
func New(packets *os.File, g Gate) (*Stack, error) {
	s := &Stack{gate: g, file: packets, names: newNames(maxNames), lookup: make(chan struct{}, maxStreams), slots: make(chan struct{}, maxFlows)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	l := &link{file: packets}
	if err := s.configure(l); err != nil {
		return nil, errors.Join(fmt.Errorf("network stack of a sandbox: %w", err), s.Close())
	}
	s.work.Go(s.answerPackets)
	s.work.Go(l.read)
	return s, nil
}

// configure makes the stack take every address for its own.
func (s *Stack) configure(l *link) error {
	// A file that the runtime can't wait for could not be closed under its
	// reader.
	if err := s.file.SetDeadline(time.Time{}); err != nil {
		return fmt.Errorf("the packets: %w", err)
	}
	size := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4 << 10, Default: bufferSize, Max: bufferSize}
	sendSize := tcpip.TCPSendBufferSizeRangeOption{Min: 4 << 10, Default: bufferSize, Max: bufferSize}
	timeWait, linger := tcpip.TCPTimeWaitTimeoutOption(endTime), tcpip.TCPLingerTimeoutOption(endTime)
	for _, option := range []tcpip.SettableTransportProtocolOption{&size, &sendSize, &timeWait, &linger} {
		if err := s.stack.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			return fmt.Errorf("option %T: %s", option, err)
		}
	}
	if err := s.stack.CreateNIC(nic, l); err != nil {
		return fmt.Errorf("interface: %s", err)
	}
	if err := s.stack.SetPromiscuousMode(nic, true); err != nil {
		return fmt.Errorf("promiscuous mode: %s", err)
	}
	if err := s.stack.SetSpoofing(nic, true); err != nil {
		return fmt.Errorf("spoofing: %s", err)
	}
	for _, a := range []netip.Addr{subnet.Gateway, subnet.Gateway6} {
		proto := tcpip.NetworkProtocolNumber(ipv4.ProtocolNumber)
		if a.Is6() {
			proto = ipv6.ProtocolNumber
		}
		address := tcpip.ProtocolAddress{Protocol: proto, AddressWithPrefix: tcpip.AddrFromSlice(a.AsSlice()).WithPrefix()}
		if err := s.stack.AddProtocolAddress(nic, address, stack.AddressProperties{}); err != nil {
			return fmt.Errorf("address %s: %s", a, err)
		}
	}
	s.stack.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: nic},
		{Destination: header.IPv6EmptySubnet, NIC: nic},
	})
	s.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, tcp.NewForwarder(s.stack, bufferSize, maxHandshakes, s.forward).HandlePacket)
	server := tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFromSlice(subnet.Gateway.AsSlice()), Port: dnsPort}
	var err error
	if s.dns, err = gonet.DialUDP(s.stack, &server, nil, ipv4.ProtocolNumber); err != nil {
		return fmt.Errorf("name server: %w", err)
	}
	return nil
}

// Close ends all that goes through the Stack and waits until nothing of it
// runs. It is idempotent.
func (s *Stack) Close() error {
	s.once.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.cancel()
		if s.dns != nil {
			_ = s.dns.Close()
		}
		s.err = s.file.Close() // ends the reader, and writers that wait
		s.abort()
		s.work.Wait()
		s.stack.Destroy()
	})
	return s.err
}

// abort resets all connections until no flow is left. One that was about to be
// accepted may need a second time.
func (s *Stack) abort() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.flows.Wait()
	}()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		for _, end := range s.stack.RegisteredEndpoints() {
			if end, ok := end.(tcpip.Endpoint); ok {
				reset(end)
			}
		}
		select {
		case <-done:
			return
		case <-again.C:
		}
	}
}

// enter says whether a flow may begin; leave must follow.
func (s *Stack) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.flows.Add(1)
	}
	return !s.closed
}

func (s *Stack) leave() { s.flows.Done() }
