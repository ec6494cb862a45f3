// Package domain decides which URLs the domain lists of a web tool allow, and
// which URLs a conversation has shown. It is rules without I/O; the form of the
// lists is checked by package agent.
package domain

import (
	"net/url"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Lists are allowed_domains and blocked_domains of a tool. An entry is a host,
// and of web_search also a host with a path; it covers the hosts below it and
// the paths below it (Managed Agents API: tools, "Domain rules"). The zero
// value allows everything.
type Lists struct {
	Allowed []string // nil: every domain
	Blocked []string
}

// Allow reports whether a URL is allowed. Where there is a list, a URL without
// a valid host is not.
func (l Lists) Allow(u *url.URL) bool {
	if l.Allowed == nil && len(l.Blocked) == 0 {
		return true
	}
	h, err := policy.ParseHost(u.Hostname())
	if err != nil {
		return false
	}
	host, path := h.String(), u.EscapedPath()
	return (l.Allowed == nil || covers(l.Allowed, host, path)) && !covers(l.Blocked, host, path)
}

func covers(list []string, host, path string) bool {
	for _, entry := range list {
		name, prefix, _ := strings.Cut(entry, "/")
		name = strings.ToLower(name)
		if (host == name || strings.HasSuffix(host, "."+name)) && below(path, strings.TrimSuffix(prefix, "/")) {
			return true
		}
	}
	return false
}

// below reports whether a URL's path is prefix or below it.
func below(path, prefix string) bool {
	if prefix == "" {
		return true
	}
	rest, ok := strings.CutPrefix(path, "/"+prefix)
	return ok && (rest == "" || rest[0] == '/')
}
