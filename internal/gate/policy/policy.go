package policy

import (
	"fmt"
	"net/url"
)

// Policy says which hosts a sandbox may reach. The zero value allows none. A
// Policy isn't changed once it is made, so it may be shared and copied.
type Policy struct {
	open  bool
	hosts Hosts
}

// Unrestricted is the policy of networking type unrestricted: every host that
// the guarded dialer agrees to dial.
func Unrestricted() Policy { return Policy{open: true} }

// Limited is a networking config of type limited.
type Limited struct {
	AllowedHosts         []string // patterns in the form of ParsePattern
	AllowPackageManagers bool     // adds the hosts of Registries
	// MCPServers are the URLs of the agent's MCP servers, whose hosts are
	// added; the caller leaves them out unless allow_mcp_servers is set.
	MCPServers []string
}

// Policy makes the policy. The error says which entry is not a host or a URL.
func (l Limited) Policy() (Policy, error) {
	hosts, err := NewHosts(l.AllowedHosts)
	if err != nil {
		return Policy{}, fmt.Errorf("allowed_hosts: %w", err)
	}
	for _, raw := range l.MCPServers {
		u, err := url.Parse(raw)
		if err != nil {
			return Policy{}, fmt.Errorf("mcp server: %w", err)
		}
		h, err := ParseHost(u.Hostname())
		if err != nil {
			return Policy{}, fmt.Errorf("mcp server %s: %w", u.Redacted(), err)
		}
		hosts.add(Pattern{host: h})
	}
	if l.AllowPackageManagers {
		for _, patterns := range registries {
			more, err := NewHosts(patterns)
			if err != nil {
				return Policy{}, fmt.Errorf("registries: %w", err)
			}
			hosts.addAll(more)
		}
	}
	return Policy{hosts: hosts}, nil
}

func (s Hosts) addAll(more Hosts) {
	for h := range more.exact {
		s.exact[h] = true
	}
	for name := range more.suffix {
		s.suffix[name] = true
	}
}

// IsLimited says whether the policy names the hosts it allows.
func (p Policy) IsLimited() bool { return !p.open }

// Allows says whether a sandbox under the policy may reach a host. Under a
// limited policy an IP address is allowed only if it is itself in the list.
func (p Policy) Allows(h Host) bool {
	if h == (Host{}) {
		return false
	}
	return p.open || p.hosts.Match(h)
}
