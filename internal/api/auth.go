package api

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
)

// Kind is a kind of credential. What a caller may do hangs on it, not on the
// header that it came in.
type Kind string

// AdminKey opens every endpoint of the workspace.
const AdminKey Kind = "api_key"

// Principal is who a credential stands for.
type Principal struct {
	Kind Kind
	ID   string // of the key, which it doesn't tell: apikey_…
}

// Keys looks credentials up.
type Keys interface {
	// Lookup tells whom token stands for, in a time that doesn't depend on how
	// much of it is right.
	Lookup(token string) (Principal, bool)
}

// StaticKeys knows fixed admin keys. An empty one is no key.
func StaticKeys(keys ...string) Keys {
	var known staticKeys
	for _, k := range keys {
		if k != "" {
			known = append(known, sha256.Sum256([]byte(k)))
		}
	}
	return known
}

type staticKeys [][sha256.Size]byte

// Lookup compares digests, which have one length, with every key.
func (s staticKeys) Lookup(token string) (Principal, bool) {
	sum := sha256.Sum256([]byte(token))
	found := 0
	for i := range s {
		found |= subtle.ConstantTimeCompare(sum[:], s[i][:])
	}
	return Principal{Kind: AdminKey, ID: keyID(token)}, found == 1
}

// keyID names a key without telling it.
func keyID(key string) string {
	sum := sha256.Sum256([]byte("id of an API key\x00" + key))
	return "apikey_" + hex.EncodeToString(sum[:12])
}

// authenticate finds the caller's credential: x-api-key, or an Authorization
// of scheme Bearer. A client that sends two different ones is served by its
// x-api-key. Which of the two it is says nothing about what it opens.
func (s *Server) authenticate(r *http.Request) (Principal, error) {
	key, bearer := strings.TrimSpace(r.Header.Get("x-api-key")), ""
	scheme, rest, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	if strings.EqualFold(scheme, "bearer") {
		bearer = strings.TrimSpace(rest)
	}
	token := cmp.Or(key, bearer)
	if token == "" {
		return Principal{}, fault.New(fault.Unauthenticated, "no API key: send it as `x-api-key: KEY` or `Authorization: Bearer KEY` (clients read it from ANTHROPIC_API_KEY)")
	}
	who, ok := s.Keys.Lookup(token)
	switch {
	case ok:
	case key != "" && bearer != "" && key != bearer:
		return Principal{}, fault.New(fault.Unauthenticated, "invalid x-api-key, which decides over the other credential in Authorization: set only one of ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN, to this server's key")
	default:
		return Principal{}, fault.New(fault.Unauthenticated, "invalid API key: set ANTHROPIC_API_KEY to this server's key, and no other credential beside it")
	}
	return who, nil
}
