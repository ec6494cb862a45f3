// Package domain decides which URLs the domain lists of a web tool allow, and
// which URLs a conversation has shown. It is rules without I/O; the form of the
// lists is checked by package agent.
package domain

import (
	"net/url"
	"strings"
)

// Lists are allowed_domains and blocked_domains of a tool. An entry is a host,
// and of web_search also a host with a path; it covers the hosts below it and
// the paths below it (Managed Agents API: tools, "Domain rules"). The zero
// value allows everything.
type Lists struct {
	Allowed []string // nil: every domain
	Blocked []string
}

// Allow reports whether a URL is allowed.
func (l Lists) Allow(u *url.URL) bool {
	return (l.Allowed == nil || covers(l.Allowed, u)) && !covers(l.Blocked, u)
}

func covers(list []string, u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	for _, entry := range list {
		name, path, _ := strings.Cut(entry, "/")
		name, path = strings.ToLower(name), strings.TrimSuffix(path, "/")
		if (host == name || strings.HasSuffix(host, "."+name)) && below(u.EscapedPath(), path) {
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
