package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// Host is a host as the gate compares it: a lower-case ASCII name without a
// trailing dot, or an IP address in its canonical form. Two Hosts are the same
// host exactly when they are ==. The zero Host is no host.
type Host struct {
	name string
	addr netip.Addr
}

// ErrInvalidHost says that a text names no host.
var ErrInvalidHost = errors.New("invalid host")

// toASCII maps what people write (upper case, full-width letters, ideographic
// full stops) to the form that is looked up. Checks that DNS doesn't make are
// left to checkName, because names with underscores are in use.
var toASCII = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule())

// maxRaw bounds, in bytes, what is mapped: the mapping takes time that grows
// with the square of a label, and no name is this long in any script.
const maxRaw = 1024

// ParseHost reads a host without port: a name, an IPv4 address in four decimal
// parts, or an IPv6 address without brackets. One trailing dot is dropped and
// an IPv4-mapped IPv6 address becomes the IPv4 address. Refused, with an error
// that wraps ErrInvalidHost: IPv6 zones, names over 253 bytes, labels over 63,
// bytes other than letters, digits, "-" and "_", and every other spelling of
// an IPv4 address (a last label that is a number, such as 2130706433, 0x7f.1
// or 127.1), which some resolvers would take for one.
func ParseHost(s string) (Host, error) {
	if h, ok, err := literal(s); ok || err != nil {
		return h, err
	}
	name := s
	if len(s) > maxRaw {
		return Host{}, fmt.Errorf("%w: %d bytes long", ErrInvalidHost, len(s))
	}
	if !isASCII(s) {
		mapped, err := toASCII.ToASCII(s)
		if err != nil {
			return Host{}, fmt.Errorf("%w %q: %v", ErrInvalidHost, s, err)
		}
		if h, ok, err := literal(mapped); ok || err != nil {
			return h, err
		}
		name = mapped
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if err := checkName(name); err != nil {
		return Host{}, fmt.Errorf("%w %q: %v", ErrInvalidHost, s, err)
	}
	return Host{name: name}, nil
}

// AddrHost is the Host of an IP address.
func AddrHost(a netip.Addr) Host { return Host{addr: a.Unmap().WithZone("")} }

// IsLiteral says whether the host is an IP address.
func (h Host) IsLiteral() bool { return h.addr.IsValid() }

// Addr is the address of a literal, and the zero Addr of a name.
func (h Host) Addr() netip.Addr { return h.addr }

// String is the name, or the address without brackets.
func (h Host) String() string {
	if h.addr.IsValid() {
		return h.addr.String()
	}
	return h.name
}

// literal reads an IP address; ok is false if s isn't one.
func literal(s string) (h Host, ok bool, err error) {
	addr, err := netip.ParseAddr(strings.TrimSuffix(s, "."))
	if err != nil {
		return Host{}, false, nil
	}
	if addr.Zone() != "" {
		return Host{}, false, fmt.Errorf("%w %q: an IPv6 zone", ErrInvalidHost, s)
	}
	return AddrHost(addr), true, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func checkName(name string) error {
	if name == "" || len(name) > 253 {
		return fmt.Errorf("a name has 1 to 253 bytes, this has %d", len(name))
	}
	last := ""
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return fmt.Errorf("a label has 1 to 63 bytes, %q has %d", label, len(label))
		}
		if label[0] == '-' {
			return fmt.Errorf("the label %q begins with a hyphen", label)
		}
		for i := range len(label) {
			if !nameByte(label[i]) {
				return fmt.Errorf("a name has no %q", label[i])
			}
		}
		last = label
	}
	if isNumber(last) {
		return errors.New("it ends in a number and isn't an address in four decimal parts")
	}
	return nil
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// isNumber says whether inet_aton would read a label as a number.
func isNumber(label string) bool {
	digits, hex := "0123456789", "0123456789abcdef"
	if rest, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(rest, hex) == ""
	}
	return strings.Trim(label, digits) == ""
}
