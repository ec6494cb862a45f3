package gate

import (
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// target is where a request or tunnel goes. The zero target is nowhere.
type target struct {
	host policy.Host
	port uint16
}

// String is "host:port", with brackets around an IPv6 address.
func (t target) String() string {
	return net.JoinHostPort(t.host.String(), strconv.Itoa(int(t.port)))
}

// authority is String without the port that the scheme implies: what a Host
// field says.
func (t target) authority(s scheme) string {
	if t.port == s.port() {
		return strings.TrimSuffix(t.String(), ":"+strconv.Itoa(int(t.port)))
	}
	return t.String()
}

// scheme is that of the URLs of requests.
type scheme string

const (
	plain  scheme = "http"
	secure scheme = "https"
)

// port is the one that is meant where none is given.
func (s scheme) port() uint16 {
	if s == secure {
		return 443
	}
	return 80
}

// finder finds out where a request goes, or why it goes nowhere.
type finder func(*http.Request, head) (target, *refusal)

// proxyTarget is the finder of the proxy itself: CONNECT and http URLs.
func proxyTarget(r *http.Request, h head) (target, *refusal) {
	if h.method == http.MethodConnect {
		return connectTarget(h)
	}
	switch {
	case r.URL.Scheme == "" && r.URL.Host == "":
		return target{}, malformed("this is a proxy: give the whole URL in the first line of the request")
	case r.URL.Scheme != "http":
		return target{}, malformed("the proxy takes http URLs and CONNECT; for %s use CONNECT", r.URL.Scheme)
	case r.URL.User != nil:
		return target{}, malformed("a user name in the URL isn't passed on; use an Authorization header")
	}
	return originTarget(plain, r.URL.Host, r, h)
}

// connectTarget reads "host:port". A Host field may be missing or lack the
// port: clients differ in that.
func connectTarget(h head) (target, *refusal) {
	if h.hasBody {
		return target{}, malformed("CONNECT has no body")
	}
	name, port, err := net.SplitHostPort(h.target)
	if err != nil {
		return target{}, malformed("CONNECT needs host:port")
	}
	to, refused := parseTarget(name, port)
	if refused != nil {
		return target{}, refused
	}
	if h.host != "" && !sameHost(h.host, to, to.port) {
		return to, malformed("the Host field names another host than CONNECT")
	}
	return to, nil
}

// within is the finder of the HTTP requests in a tunnel: all of them must be
// for the tunnel's host. A URL without an authority, such as x:http://other/,
// would go on as what is after its scheme, which another server could take for
// the URL that is asked for.
func within(tunnel target, s scheme) finder {
	return func(r *http.Request, h head) (target, *refusal) {
		if h.method == http.MethodConnect || r.URL.User != nil || r.URL.Scheme != "" && r.URL.Host == "" {
			return tunnel, malformed("a tunnel takes plain requests only")
		}
		if r.URL.Host == "" {
			return originTarget(s, tunnel.String(), r, h)
		}
		to, refused := originTarget(s, r.URL.Host, r, h)
		if refused == nil && to != tunnel {
			refused = forbidden(ReasonHost, "the tunnel is for %s", tunnel)
		}
		if refused == nil && r.URL.Scheme != string(s) {
			refused = malformed("this tunnel takes %s URLs, not %s", s, r.URL.Scheme)
		}
		return to, refused
	}
}

// originTarget reads the authority of a request and compares the Host field
// with it, which HTTP/1.1 requires to be there.
func originTarget(s scheme, authority string, r *http.Request, h head) (target, *refusal) {
	name, port := splitAuthority(authority)
	if port == "" {
		port = strconv.Itoa(int(s.port()))
	}
	to, refused := parseTarget(name, port)
	if refused != nil {
		return target{}, refused
	}
	if h.host == "" && r.ProtoAtLeast(1, 1) {
		return to, malformed("the Host field is missing")
	}
	if h.host != "" && !sameHost(h.host, to, s.port()) {
		if s == secure {
			return to, &refusal{
				http.StatusMisdirectedRequest, Refused, ReasonServerName,
				"the Host field names another host than the tunnel and its TLS",
			}
		}
		return to, malformed("the Host field names another host than the URL")
	}
	return to, nil
}

func parseTarget(name, port string) (target, *refusal) {
	host, err := policy.ParseHost(name)
	if err != nil {
		return target{}, malformed("%s", err)
	}
	n, err := policy.ParsePort(port)
	if err != nil {
		return target{}, malformed("%s", err)
	}
	return target{host, n}, nil
}

// sameHost says whether a Host field names a target; without a port it means
// defaultPort.
func sameHost(field string, to target, defaultPort uint16) bool {
	name, port := splitAuthority(field)
	if port == "" {
		port = strconv.Itoa(int(defaultPort))
	}
	got, refused := parseTarget(name, port)
	return refused == nil && got == to
}

// splitAuthority splits "host", "host:port", "[v6]" and "[v6]:port". What is
// none of these comes back as a name that isn't valid.
func splitAuthority(s string) (name, port string) {
	if name, port, err := net.SplitHostPort(s); err == nil {
		if port == "" {
			port = "invalid"
		}
		return name, port
	}
	if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
		return strings.TrimSuffix(inner, "]"), ""
	}
	return s, ""
}
