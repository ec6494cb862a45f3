package vault

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// RefreshAt is when the access token of a credential is due for a refresh that
// comes early before its expiry, and false if it can't be refreshed or has no
// known expiry. A token that lives for less than twice that long has half of
// its life first, so that no answer of a token endpoint is followed by a
// refresh at once.
func RefreshAt(c wire.Credential, early time.Duration) (time.Time, bool) {
	a := c.Auth.MCPOAuth
	if a == nil || a.Refresh == nil || a.ExpiresAt == nil {
		return time.Time{}, false
	}
	expires, since := time.Time(*a.ExpiresAt), time.Time(c.UpdatedAt)
	if half := expires.Sub(since) / 2; half < early {
		early = max(half, 0)
	}
	return expires.Add(-early), true
}

// Grant stands for all that a refresh of c is asked with: a refusal holds for
// the grant it was given to, and an update that changes any of it makes
// another. It is a digest of sealed texts, so it tells nothing of a secret.
func Grant(c Stored) string {
	h := sha256.New()
	for _, part := range []string{c.Sealed[RefreshToken], c.Sealed[ClientSecret], string(wire.Encode(c.Auth.MCPOAuth.Refresh))} {
		fmt.Fprintf(h, "%d %s ", len(part), part)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// CheckValidation refuses to try a credential that is none of OAuth, or whose
// token is gone because it was archived.
func CheckValidation(c wire.Credential) error {
	switch {
	case c.Auth.MCPOAuth == nil:
		return fault.New(fault.Invalid, "Credential `%s` is of type `%s`; only `%s` can be validated.", c.ID, c.Auth.AuthType(), wire.TypeMCPOAuth)
	case c.ArchivedAt != nil:
		return fault.New(fault.Invalid, "Credential `%s` is archived and has no token to validate.", c.ID)
	}
	return nil
}
