package netstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
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

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is both ends of an interface.
func wire(tb testing.TB) (gateway, sandbox *os.File) {
	tb.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return os.NewFile(uintptr(fds[0]), "gateway"), os.NewFile(uintptr(fds[1]), "sandbox")
}

// sandbox is a network stack as a sandbox has it, at the other end of a Stack.
type sandbox struct {
	tb    testing.TB
	stack *stack.Stack
}

// start starts a Stack and the sandbox at its other end.
func start(tb testing.TB, g Gate) (*Stack, *sandbox) {
	tb.Helper()
	ours, theirs := wire(tb)
	s, err := New(ours, g)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s, newSandbox(tb, theirs)
}

func newSandbox(tb testing.TB, file *os.File) *sandbox {
	tb.Helper()
	b := &sandbox{tb, stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})}
	l := &link{file: file, all: true}
	if err := b.stack.CreateNIC(nic, l); err != nil {
		tb.Fatal(err)
	}
	for proto, a := range map[tcpip.NetworkProtocolNumber]netip.Addr{ipv4.ProtocolNumber: subnet.Sandbox, ipv6.ProtocolNumber: subnet.Sandbox6} {
		address := tcpip.ProtocolAddress{Protocol: proto, AddressWithPrefix: tcpip.AddrFromSlice(a.AsSlice()).WithPrefix()}
		if err := b.stack.AddProtocolAddress(nic, address, stack.AddressProperties{}); err != nil {
			tb.Fatal(err)
		}
	}
	b.stack.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: nic}, {Destination: header.IPv6EmptySubnet, NIC: nic},
	})
	var reader sync.WaitGroup
	reader.Go(l.read)
	tb.Cleanup(func() {
		if err := file.Close(); err != nil {
			tb.Error(err)
		}
		reader.Wait()
		b.stack.Destroy()
	})
	return b
}

func full(to string) (tcpip.FullAddress, tcpip.NetworkProtocolNumber) {
	a := netip.MustParseAddrPort(to)
	address := tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFromSlice(a.Addr().AsSlice()), Port: a.Port()}
	if a.Addr().Is6() {
		return address, ipv6.ProtocolNumber
	}
	return address, ipv4.ProtocolNumber
}

func (b *sandbox) dial(ctx context.Context, to string) (*gonet.TCPConn, error) {
	address, proto := full(to)
	return gonet.DialContextTCP(ctx, b.stack, address, proto)
}

func (b *sandbox) mustDial(to string) *gonet.TCPConn {
	b.tb.Helper()
	c, err := b.dial(b.tb.Context(), to)
	if err != nil {
		b.tb.Fatal(err)
	}
	b.tb.Cleanup(func() { _ = c.Close() })
	return c
}

func (b *sandbox) packets(to string) *gonet.UDPConn {
	b.tb.Helper()
	address, proto := full(to)
	c, err := gonet.DialUDP(b.stack, nil, &address, proto)
	if err != nil {
		b.tb.Fatal(err)
	}
	b.tb.Cleanup(func() { _ = c.Close() })
	return c
}

// fake is a Gate that knows some names and serves connections itself.
type fake struct {
	known map[string]bool
	serve func(net.Conn) // nil refuses all connections
	asked chan string    // host:port of connections
}

var errFake = errors.New("not in its allowed_hosts")

func (g *fake) Lookup(h policy.Host) error {
	if g.known[h.String()] {
		return nil
	}
	return errFake
}

func (g *fake) ServeFlow(ctx context.Context, h policy.Host, port uint16, accept func() (net.Conn, error)) error {
	g.asked <- fmt.Sprintf("%s:%d", h, port)
	if g.serve == nil {
		return errFake
	}
	c, err := accept()
	if err != nil {
		return err
	}
	defer c.Close()
	g.serve(c)
	return nil
}

func newFake(serve func(net.Conn), known ...string) *fake {
	g := &fake{known: map[string]bool{}, serve: serve, asked: make(chan string, 1024)}
	for _, name := range known {
		g.known[name] = true
	}
	return g
}
