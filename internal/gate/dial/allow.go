package dial

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Allow is what the operator opened of the private side (OSTLER_ALLOW_PRIVATE).
// The zero value is nothing.
type Allow struct {
	all      bool
	prefixes []netip.Prefix
	hosts    policy.Hosts
}

// ParseAllow reads "" or "0" (nothing), "1" (everything but cloud metadata),
// or a comma-separated list of address ranges in CIDR form, single addresses,
// and host names (also "*.suffix"), whose addresses are open whatever they
// are. Cloud metadata addresses are opened only by naming exactly the address
// or the host, never by a range around them.
func ParseAllow(s string) (Allow, error) {
	var a Allow
	switch s = strings.TrimSpace(s); s {
	case "", "0":
		return a, nil
	case "1":
		return Allow{all: true}, nil
	}
	var names []string
	for entry := range strings.SplitSeq(s, ",") {
		entry = strings.TrimSpace(entry)
		prefix, ok, err := parsePrefix(entry)
		switch {
		case err != nil:
			return Allow{}, fmt.Errorf("allowed private targets: %w", err)
		case ok:
			a.prefixes = append(a.prefixes, prefix)
		default:
			names = append(names, entry)
		}
	}
	hosts, err := policy.NewHosts(names)
	if err != nil {
		return Allow{}, fmt.Errorf("allowed private targets: %w", err)
	}
	a.hosts = hosts
	return a, nil
}

// parsePrefix reads a range or an address; ok is false if s is neither.
func parsePrefix(s string) (p netip.Prefix, ok bool, err error) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err == nil && p.Addr().Is4In6() {
			err = fmt.Errorf("write the range %s as IPv4", s)
		}
		return p.Masked(), err == nil, err
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false, nil
	}
	addr = addr.Unmap().WithZone("")
	return netip.PrefixFrom(addr, addr.BitLen()), true, nil
}

// allows says whether an address that isn't public is open for a host.
func (a Allow) allows(host policy.Host, addr netip.Addr, k kind) bool {
	if a.hosts.Match(host) {
		return true
	}
	if a.all && k != metadata {
		return true
	}
	if a.covers(addr, k) {
		return true
	}
	inner, ok := embedded(addr)
	return ok && a.covers(inner, k)
}

func (a Allow) covers(addr netip.Addr, k kind) bool {
	for _, p := range a.prefixes {
		if p.Contains(addr) && (k != metadata || p.IsSingleIP()) {
			return true
		}
	}
	return false
}
