package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// Ports is a set of TCP ports. The zero value is empty.
type Ports struct{ ranges []portRange }

type portRange struct{ first, last uint16 }

// The ports a sandbox may reach where the operator says nothing.
//
// Under limited networking a host was named and no port, so the ports where
// web services are found are open: 80, 443 and everything from 1024 up. Mail,
// remote shells and the other old services below 1024 are not. Unrestricted
// networking leaves out port 25 only, as cloud providers do, so that a sandbox
// can't send mail in the operator's name.
var (
	LimitedPorts      = mustPorts("80,443,1024-65535")
	UnrestrictedPorts = mustPorts("1-24,26-65535")
)

// ParsePorts reads a comma-separated list of ports and ranges, such as
// "80,443,8000-8999". Spaces around entries are allowed, an empty list isn't.
func ParsePorts(s string) (Ports, error) {
	var p Ports
	for entry := range strings.SplitSeq(s, ",") {
		entry = strings.TrimSpace(entry)
		from, to, isRange := strings.Cut(entry, "-")
		if !isRange {
			to = from
		}
		first, err1 := ParsePort(from)
		last, err2 := ParsePort(to)
		if err1 != nil || err2 != nil || first > last {
			return Ports{}, fmt.Errorf("ports %q: %q is neither a port (1 to 65535) nor a range of them", s, entry)
		}
		p.ranges = append(p.ranges, portRange{first, last})
	}
	return p, nil
}

// ParsePort reads a decimal port, 1 to 65535, without sign or leading zero.
func ParsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 || s[0] == '0' {
		return 0, fmt.Errorf("invalid port %q", s)
	}
	return uint16(n), nil
}

// Contains says whether a port is in the set.
func (p Ports) Contains(port uint16) bool {
	for _, r := range p.ranges {
		if r.first <= port && port <= r.last {
			return true
		}
	}
	return false
}

// IsZero says whether the set is empty.
func (p Ports) IsZero() bool { return len(p.ranges) == 0 }

func mustPorts(s string) Ports {
	p, err := ParsePorts(s)
	if err != nil {
		panic(err) // a constant of this file
	}
	return p
}

// String is the list in the form of ParsePorts.
func (p Ports) String() string {
	entries := make([]string, len(p.ranges))
	for i, r := range p.ranges {
		entries[i] = strconv.Itoa(int(r.first))
		if r.last != r.first {
			entries[i] += "-" + strconv.Itoa(int(r.last))
		}
	}
	return strings.Join(entries, ",")
}
