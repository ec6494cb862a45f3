package policy

import (
	"fmt"
	"strings"
)

// Pattern is an entry of a list of allowed hosts: one host, or "*.suffix" for
// every name below suffix at any depth, but not suffix itself.
type Pattern struct {
	host Host // of a wildcard, the suffix
	wild bool
}

// ParsePattern reads an entry. The error wraps ErrInvalidHost and is fit to be
// shown to whoever wrote the entry.
func ParsePattern(s string) (Pattern, error) {
	suffix, wild := strings.CutPrefix(s, "*.")
	if strings.ContainsAny(s, "/@?#[]") || strings.Contains(s, "://") {
		return Pattern{}, fmt.Errorf("%w %q: give a bare host such as api.example.com or *.example.com, "+
			"without scheme, port or path", ErrInvalidHost, s)
	}
	h, err := ParseHost(suffix)
	if err != nil {
		return Pattern{}, err
	}
	if wild && h.IsLiteral() {
		return Pattern{}, fmt.Errorf("%w %q: a wildcard needs a name, not an address", ErrInvalidHost, s)
	}
	return Pattern{host: h, wild: wild}, nil
}

// Match says whether a host falls under the pattern.
func (p Pattern) Match(h Host) bool {
	if !p.wild {
		return p.host == h && h != Host{}
	}
	return strings.HasSuffix(h.name, "."+p.host.name)
}

// String is the normalised pattern.
func (p Pattern) String() string {
	if p.wild {
		return "*." + p.host.String()
	}
	return p.host.String()
}

// Hosts is a set of patterns, cheap to ask whatever its size. The zero value
// is empty. A Hosts isn't changed once it is made, so it may be shared.
type Hosts struct {
	exact  map[Host]bool
	suffix map[string]bool
}

// NewHosts makes a set of patterns in the form of ParsePattern. The error
// names the index of the first entry that isn't one.
func NewHosts(patterns []string) (Hosts, error) {
	h := Hosts{exact: map[Host]bool{}, suffix: map[string]bool{}}
	for i, s := range patterns {
		p, err := ParsePattern(s)
		if err != nil {
			return Hosts{}, fmt.Errorf("entry %d: %w", i, err)
		}
		h.add(p)
	}
	return h, nil
}

func (s Hosts) add(p Pattern) {
	if p.wild {
		s.suffix[p.host.name] = true
	} else {
		s.exact[p.host] = true
	}
}

// Match says whether a host falls under any of the patterns.
func (s Hosts) Match(h Host) bool {
	if s.exact[h] {
		return true
	}
	for _, rest, ok := strings.Cut(h.name, "."); ok; _, rest, ok = strings.Cut(rest, ".") {
		if s.suffix[rest] {
			return true
		}
	}
	return false
}
