package vault

import (
	"net/url"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/wire"
)

// serverURL is the http or https URL of a field that must be there. A user or
// password in it would be shown with the credential, so it is refused, and not
// repeated in the refusal. A fragment is never sent.
func serverURL(path string, o wire.Opt[string]) (string, error) {
	s, err := required(path, o, maxURL)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", fault.At(path, "expected an http or https URL")
	case u.User != nil:
		return "", fault.At(path, "must not hold a user or password: it is shown to all who can read the credential")
	case u.Fragment != "" || strings.Contains(s, "#"):
		return "", fault.At(path, "must have no fragment")
	}
	return s, nil
}

// NormalizeURL is the form in which URLs of MCP servers are compared: scheme
// and host in lower case, without the scheme's own port and without slashes at
// the end of the path. Another path, subdomain or port is another server
// (Managed Agents API: vaults). What is no URL comes back as it is.
func NormalizeURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw
	}
	scheme, host, port := strings.ToLower(u.Scheme), u.Hostname(), u.Port()
	if h, err := policy.ParseHost(host); err == nil {
		host = h.String() // one spelling for international names and addresses too
	} else {
		host = strings.ToLower(host)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && (scheme != "http" || port != "80") && (scheme != "https" || port != "443") {
		host += ":" + port
	}
	out := scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		out += "?" + u.RawQuery
	}
	return out
}

// Server is the URL of the MCP server that a credential is for, and false if
// it is for none.
func Server(a wire.CredentialAuth) (string, bool) {
	switch {
	case a.MCPOAuth != nil:
		return a.MCPOAuth.MCPServerURL, true
	case a.StaticBearer != nil:
		return a.StaticBearer.MCPServerURL, true
	}
	return "", false
}
