package dial

import (
	"fmt"
	"net"
	"net/netip"
)

// kind says what an address is; public is the only one open to everybody.
type kind string

const (
	public    kind = ""
	loopback  kind = "loopback"
	private   kind = "private"
	linkLocal kind = "link-local"
	multicast kind = "multicast"
	reserved  kind = "reserved"
	metadata  kind = "cloud metadata"
	own       kind = "local (this server's own)"
)

// metadataAddrs are where clouds hand out credentials to whoever asks from the
// machine. Some are in ranges that operators open for other reasons, some are
// public addresses that the cloud's network answers itself.
var metadataAddrs = addrs(
	"169.254.169.254", "fd00:ec2::254", // AWS, and by the same IPv4 address most others
	"169.254.170.2", "169.254.170.23", "fd00:ec2::23", // AWS containers
	"fd20:ce::254",                 // Google
	"168.63.129.16",                // Azure
	"100.100.100.200",              // Alibaba
	"192.0.0.192",                  // Oracle
	"169.254.42.42", "fd00:42::42", // Scaleway
)

// ranges4 is IANA's registry of special IPv4 addresses. The first match holds.
var ranges4 = []struct {
	prefix netip.Prefix
	kind   kind
}{
	{netip.MustParsePrefix("127.0.0.0/8"), loopback},
	{netip.MustParsePrefix("0.0.0.0/8"), loopback}, // connects to this machine
	{netip.MustParsePrefix("10.0.0.0/8"), private},
	{netip.MustParsePrefix("172.16.0.0/12"), private},
	{netip.MustParsePrefix("192.168.0.0/16"), private},
	{netip.MustParsePrefix("100.64.0.0/10"), private}, // carrier NAT, also used inside clouds
	{netip.MustParsePrefix("169.254.0.0/16"), linkLocal},
	{netip.MustParsePrefix("192.0.0.0/24"), reserved},
	{netip.MustParsePrefix("192.0.2.0/24"), reserved},
	{netip.MustParsePrefix("192.88.99.0/24"), reserved},
	{netip.MustParsePrefix("198.18.0.0/15"), reserved},
	{netip.MustParsePrefix("198.51.100.0/24"), reserved},
	{netip.MustParsePrefix("203.0.113.0/24"), reserved},
	{netip.MustParsePrefix("224.0.0.0/4"), multicast},
	{netip.MustParsePrefix("240.0.0.0/4"), reserved},
}

// In IPv6 only 2000::/3 is the internet; what is special outside of it is
// named, and what is special inside of it is taken out.
var (
	global6 = netip.MustParsePrefix("2000::/3")
	nat64   = netip.MustParsePrefix("64:ff9b::/96")
	sixTo4  = netip.MustParsePrefix("2002::/16")
	ranges6 = []struct {
		prefix netip.Prefix
		kind   kind
	}{
		{netip.MustParsePrefix("::/127"), loopback}, // unspecified and loopback
		{netip.MustParsePrefix("fc00::/7"), private},
		{netip.MustParsePrefix("fec0::/10"), private},
		{netip.MustParsePrefix("fe80::/10"), linkLocal},
		{netip.MustParsePrefix("ff00::/8"), multicast},
		{netip.MustParsePrefix("2001::/23"), reserved}, // Teredo and protocol assignments
		{netip.MustParsePrefix("2001:db8::/32"), reserved},
		{netip.MustParsePrefix("3fff::/20"), reserved},
	}
)

// classify says what an address is, looking through the forms in which an IPv6
// address stands for an IPv4 address.
func classify(a netip.Addr) kind {
	a = a.Unmap().WithZone("")
	if !a.IsValid() {
		return reserved
	}
	for _, m := range metadataAddrs {
		if a == m {
			return metadata
		}
	}
	if a.Is4() {
		for _, r := range ranges4 {
			if r.prefix.Contains(a) {
				return r.kind
			}
		}
		return public
	}
	if inner, ok := embedded(a); ok {
		if k := classify(inner); k != public {
			return k
		}
		if nat64.Contains(a) {
			return public
		}
	}
	for _, r := range ranges6 {
		if r.prefix.Contains(a) {
			return r.kind
		}
	}
	if !global6.Contains(a) {
		return reserved
	}
	return public
}

// embedded is the IPv4 address that a translator or tunnel would make of an
// IPv6 address: NAT64 (64:ff9b::/96), 6to4 (2002::/16) and ISATAP.
func embedded(a netip.Addr) (netip.Addr, bool) {
	if !a.Is6() {
		return netip.Addr{}, false
	}
	b := a.As16()
	isatap := (b[8] == 0 || b[8] == 2) && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
	switch {
	case nat64.Contains(a), isatap:
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case sixTo4.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}

// interfaceAddrs is net.InterfaceAddrs, or what a test says.
var interfaceAddrs = net.InterfaceAddrs

// classifyOwn finds out whether a public address is one of this machine's: a
// connection to it would not pass the firewall that guards it from outside.
func classifyOwn(a netip.Addr) (kind, error) {
	list, err := interfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("this machine's own addresses can't be read: %w", err)
	}
	inner, _ := embedded(a)
	for _, entry := range list {
		n, ok := entry.(*net.IPNet)
		if !ok {
			continue
		}
		if mine, ok := netip.AddrFromSlice(n.IP); ok && (mine.Unmap() == a || mine.Unmap() == inner) {
			return own, nil
		}
	}
	return public, nil
}

func addrs(list ...string) []netip.Addr {
	out := make([]netip.Addr, len(list))
	for i, s := range list {
		out[i] = netip.MustParseAddr(s)
	}
	return out
}
