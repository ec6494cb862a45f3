package fetch

import (
	"net"
	"net/url"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Parse reads a URL that may be fetched: http or https, a host that is a name
// or an address in its plain form, a port where web services are found (80, 443
// or 1024 and up), no user name. A URL without a scheme gets https. The host
// comes out in lower case and ASCII, the fragment is dropped. The error is an
// *Error.
func Parse(s string) (*url.URL, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return nil, fail(InvalidInput, "url is required")
	case len(s) > maxURL:
		return nil, fail(TooLong, "the URL is longer than %d characters", maxURL)
	case !strings.Contains(s, "://"):
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, fail(InvalidInput, "this is not a URL")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fail(InvalidInput, "only http and https URLs can be fetched")
	case u.User != nil:
		return nil, fail(InvalidInput, "a URL with a user name is not fetched")
	}
	host, err := policy.ParseHost(u.Hostname())
	if err != nil {
		return nil, fail(InvalidInput, "the URL has no valid host")
	}
	name := host.String()
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	port := u.Port()
	if port == defaultPort[u.Scheme] {
		port = ""
	}
	if port != "" {
		n, err := policy.ParsePort(port)
		if err != nil || !policy.LimitedPorts.Contains(n) {
			return nil, fail(NotAllowed, "port %s is not open", port)
		}
		name = net.JoinHostPort(host.String(), port)
	}
	u.Host, u.Fragment, u.RawFragment = name, "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

var defaultPort = map[string]string{"http": "80", "https": "443"}
