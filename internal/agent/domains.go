package agent

import (
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of domain lists; lengths in bytes, which are ASCII.
const (
	maxDomains = 64
	maxDomain  = 255
)

// resolveDomains checks and sets the domain lists of a web tool. Entries of
// web_search may have a path.
func resolveDomains(path string, c wire.AgentToolConfigParam, paths bool, out *wire.AgentToolConfig) error {
	if given(c.AllowedDomains) && given(c.BlockedDomains) {
		return fault.At(path, "Only one of allowed_domains or blocked_domains may be set.")
	}
	for _, l := range []struct {
		name string
		in   wire.Opt[[]string]
		out  *[]string
	}{
		{"allowed_domains", c.AllowedDomains, &out.AllowedDomains},
		{"blocked_domains", c.BlockedDomains, &out.BlockedDomains},
	} {
		if !given(l.in) {
			continue
		}
		if err := checkDomains(path+"."+l.name, l.in.Value, paths); err != nil {
			return err
		}
		*l.out = l.in.Value
	}
	return nil
}

func given(l wire.Opt[[]string]) bool { return l.Set && !l.Null }

// checkDomains checks a list. The paths of its faults have the form of the
// API's own messages: allowed_domains.0.
func checkDomains(path string, list []string, paths bool) error {
	switch {
	case len(list) == 0:
		return fault.At(path, "Empty list of domains is ambiguous. Provide at least one domain or null.")
	case len(list) > maxDomains:
		return fault.At(path, "at most %d domains, got %d", maxDomains, len(list))
	}
	seen := map[string]bool{}
	for i, entry := range list {
		path := fmt.Sprintf("%s.%d", path, i)
		host, rest, _ := strings.Cut(entry, "/")
		switch {
		case entry == "" || len(entry) > maxDomain:
			return fault.At(path, "expected 1 to %d characters", maxDomain)
		case strings.Contains(entry, "://"):
			return fault.At(path, "%q has a scheme, expected a plain host name", entry)
		case rest != "" && !paths:
			return fault.At(path, "%q has a path, which web_fetch doesn't take", entry)
		case strings.ContainsFunc(rest, notInPath):
			return fault.At(path, "the path of %q has characters that are not allowed", entry)
		}
		if problem := hostProblem(host); problem != "" {
			return fault.At(path, "%q %s", entry, problem)
		}
		key := strings.ToLower(host) + "/" + strings.TrimSuffix(rest, "/")
		if seen[key] {
			return fault.At(path, "%q is in the list more than once", entry)
		}
		seen[key] = true
	}
	return nil
}

func notInPath(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`?#*\"<>`, r) }

// hostProblem says what is wrong with a host name of a domain list, "" if
// nothing (Managed Agents API: tools, "Domain rules").
func hostProblem(host string) string {
	if strings.ContainsAny(host, ":@[]") {
		return "is not a plain host name: leave out port and credentials"
	}
	if strings.ContainsRune(host, '*') {
		return "has a wildcard: an entry covers its subdomains already"
	}
	host = strings.ToLower(host)
	labels := strings.Split(host, ".")
	for _, l := range labels {
		switch {
		case l == "" || len(l) > 63:
			return "has a label of no or more than 63 characters"
		case l[0] == '-' || l[len(l)-1] == '-':
			return "has a label that begins or ends with a hyphen"
		case strings.ContainsFunc(l, notInLabel):
			return "is not an ASCII host name: write international names in their xn-- form"
		}
	}
	switch last := labels[len(labels)-1]; {
	case numeric(last):
		return "is an IP address, expected a host name"
	case oneOf(last, "localhost", "local", "internal", "localdomain", "invalid"):
		return "is a private name"
	case len(labels) == 1:
		return "is a single label, expected a domain"
	}
	if suffix, icann := publicsuffix.PublicSuffix(host); icann && suffix == host {
		return "is a registry's suffix, expected a domain below it"
	}
	return ""
}

func notInLabel(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// numeric reports whether a host with this last label is read as an IPv4
// address by URL parsers, in whatever form (10.1, 0x7f.1, 2130706433).
func numeric(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
