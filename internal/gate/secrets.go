package gate

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Secrets looks up the credentials of a sandbox. It is called for each tunnel
// and for each request, from many goroutines, so that a credential that was
// added, changed or archived counts from the next request on. ctx ends with
// the request. After an error the request is refused.
type Secrets func(ctx context.Context) (Grants, error)

// Grants are the credentials of a sandbox at one moment. The gate doesn't
// change them.
type Grants struct {
	Substitutions []Substitution // of two with the same placeholder, the first that applies counts
	Injections    []Injection    // of two that apply, the longest path counts
}

// Substitution puts a value in the place of a placeholder in requests to
// certain hosts (Managed Agents API: vaults, environment_variable). Anywhere
// else the placeholder goes on as it is.
type Substitution struct {
	CredentialID string
	// Placeholder is what the sandbox has in place of the value; NewPlaceholder
	// makes them. It may not be empty.
	Placeholder string
	// Hosts are those the value may be sent to. That the sandbox's own policy
	// must allow the host too goes without saying.
	Hosts policy.Policy
	// Header and Body say where: in the values of header fields, in the body.
	Header, Body bool
	// Value looks the value up. It is called at most once for a request: if
	// the placeholder is in its header or its body, or before a body whose
	// length isn't known. A value with a control character is refused in
	// headers.
	Value func(ctx context.Context) (Secret, error)
}

// Injection adds an Authorization field to https requests that have none, for
// programs that know of no credential at all.
type Injection struct {
	CredentialID string
	Host         policy.Host
	Port         uint16 // 0 is 443
	// PathPrefix begins with "/" and doesn't end with one. It holds for the
	// path itself and for what is below it. Paths that a server could read as
	// another one (with "..", "//", "%" and the like) never match.
	PathPrefix string
	// Header looks up the value of the field, such as GitAuthorization makes
	// it. It is called at most once for a request.
	Header func(ctx context.Context) (Secret, error)
}

// GitInjections give a token to a repository on a git host, by both of the
// names that hosts know it by: /owner/repo and /owner/repo.git. They hold for
// fetch, push and LFS, and for nothing else on that host.
func GitInjections(credentialID string, host policy.Host, repository string, token func(context.Context) (Secret, error)) []Injection {
	header := func(ctx context.Context) (Secret, error) {
		t, err := token(ctx)
		if err != nil {
			return Secret{}, err
		}
		return GitAuthorization(t), nil
	}
	path := "/" + strings.TrimSuffix(strings.Trim(repository, "/"), ".git")
	in := Injection{CredentialID: credentialID, Host: host, PathPrefix: path, Header: header}
	bare := in
	bare.PathPrefix += ".git"
	return []Injection{in, bare}
}

// NewPlaceholder makes a placeholder for one credential in one session:
// CMA_PLACEHOLDER_ and 32 letters and digits, of which 26 are random (130
// bits).
func NewPlaceholder() string { return "CMA_PLACEHOLDER_OSTLER" + rand.Text() }

// cover says whether a credential applies to a host at all, which is when the
// gate looks into its TLS.
func (g Grants) cover(h policy.Host) bool {
	for _, s := range g.Substitutions {
		if (s.Header || s.Body) && s.Hosts.Allows(h) {
			return true
		}
	}
	for _, i := range g.Injections {
		if i.Host == h {
			return true
		}
	}
	return false
}

// matches says whether an injection is meant for a request's target and path,
// as the path came.
func (i Injection) matches(to target, path string) bool {
	port := i.Port
	if port == 0 {
		port = 443
	}
	if i.Host != to.host || port != to.port || len(i.PathPrefix) < 2 || i.PathPrefix[0] != '/' {
		return false
	}
	rest, ok := strings.CutPrefix(path, i.PathPrefix)
	return ok && (rest == "" || rest[0] == '/') && isPlainPath(path)
}

// isPlainPath says whether a path means the same to every server: no escapes,
// no empty, "." or ".." segments, none of the characters that some servers cut
// or turn.
func isPlainPath(path string) bool {
	for i := range len(path) {
		c := path[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && !strings.ContainsRune("/-._~+@:,=!$", rune(c)) {
			return false
		}
	}
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i, s := range segments {
		if i > 0 && s == "" || s == "." || s == ".." {
			return false
		}
	}
	return true
}
