// Package dial makes the connections that leave this machine on somebody
// else's word: what a sandbox asks the gate for, and what the server itself
// fetches because an agent or a config names a URL (web_fetch, MCP servers,
// url sources).
//
// It promises that no such connection ends on the private side (loopback,
// private and link-local ranges, cloud metadata, this machine's own addresses)
// unless the operator said so. The check is made on the address of the socket,
// in the moment before it connects, so it doesn't matter what a name resolved
// to before or will resolve to next.
//
// Which hosts a sandbox may reach is package policy's decision, made before.
package dial

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// DefaultTimeout is how long a Dialer tries where its Timeout is zero.
const DefaultTimeout = 10 * time.Second

// Dialer makes guarded TCP connections. The zero value allows nothing private
// and is ready to use. The fields aren't changed after the first use; the
// methods are safe for concurrent use.
type Dialer struct {
	Allow    Allow         // private targets that are open
	Names    Names         // static names
	Timeout  time.Duration // for resolving and connecting together; default DefaultTimeout
	Resolver *net.Resolver // default net.DefaultResolver
}

// DialContext connects to addr, "host:port" with a decimal port, over network
// tcp, tcp4 or tcp6. It has the form that http.Transport wants.
//
// A static name is dialled where it points. Any other name is resolved once
// and its addresses are tried as net.Dialer does, each checked before its
// socket connects. A name with a dot is looked up as it is, without the
// resolver's search list, unless Allow lists it.
//
// Errors: one that wraps *PrivateError if the address is refused, one that
// wraps policy.ErrInvalidHost if addr names no host, a *net.DNSError if the
// name doesn't resolve, else what net.Dialer returns. Time-outs answer true to
// net.Error's Timeout.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, fmt.Errorf("dial %s: only TCP is dialled, not %q", addr, network)
	}
	name, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", addr, err)
	}
	port, err := policy.ParsePort(portText)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", addr, err)
	}
	host, err := policy.ParseHost(name)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	return d.Dial(ctx, network, host, port)
}

// Dial is DialContext for a host that is parsed already.
func (d *Dialer) Dial(ctx context.Context, network string, host policy.Host, port uint16) (net.Conn, error) {
	nd := net.Dialer{Timeout: d.Timeout, Resolver: d.Resolver}
	if nd.Timeout == 0 {
		nd.Timeout = DefaultTimeout
	}
	if to, ok := d.Names[host]; ok {
		return nd.DialContext(ctx, network, to.String())
	}
	nd.Control = func(_, address string, _ syscall.RawConn) error {
		return d.check(host, address)
	}
	name := host.String()
	if !host.IsLiteral() && strings.Contains(name, ".") && !d.Allow.hosts.Match(host) {
		name += "."
	}
	return nd.DialContext(ctx, network, net.JoinHostPort(name, fmt.Sprint(port)))
}

// check decides on the address of a socket that is about to connect.
func (d *Dialer) check(host policy.Host, address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("the address %q can't be checked: %w", address, err)
	}
	addr := to.Addr().Unmap().WithZone("")
	kind := classify(addr)
	if kind == public {
		if kind, err = classifyOwn(addr); err != nil {
			return err
		}
	}
	if kind == public || d.Allow.allows(host, addr, kind) {
		return nil
	}
	return &PrivateError{Host: host.String(), Addr: addr, Kind: string(kind)}
}

// PrivateError says that a connection was refused because its address is on
// the private side. The text leaves the address out: it may be read by an
// agent, who need not learn what internal names resolve to.
type PrivateError struct {
	Host string     // what was asked for
	Addr netip.Addr // what it resolved to
	Kind string     // such as loopback, private, link-local, metadata
}

func (e *PrivateError) Error() string {
	return fmt.Sprintf("%s is at a %s address, which is not reachable from here", e.Host, e.Kind)
}
