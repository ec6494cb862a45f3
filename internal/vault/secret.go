package vault

import (
	"fmt"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Secret is a text that prints, logs and encodes as [redacted].
type Secret = wire.Secret

// The names of a credential's secrets, which are those of the request's
// fields.
const (
	AccessToken  = "access_token"
	RefreshToken = "refresh_token"
	ClientSecret = "client_secret"
	Token        = "token"
	SecretValue  = "secret_value"
)

// limits are the most characters of a secret (Managed Agents API: vaults).
var limits = map[string]int{AccessToken: 8192, RefreshToken: 8192, ClientSecret: 512, Token: 8192, SecretValue: 4096}

// Secrets are secrets by name.
type Secrets map[string]Secret

// require takes a secret of a create, at path.
func (s Secrets) require(path, name string, o wire.Opt[Secret]) error {
	switch {
	case !o.Set:
		return fault.At(path, "field required")
	case o.Null:
		return fault.At(path, "expected a string")
	}
	return s.replace(path, name, o)
}

// replace takes a secret of an update, at path. Absent and null keep the old
// one.
func (s Secrets) replace(path, name string, o wire.Opt[Secret]) error {
	if !o.Set || o.Null {
		return nil
	}
	s[name] = o.Value
	return checkLength(path, string(o.Value), limits[name])
}

// Sealer encrypts a secret for the store. aad names what the secret belongs
// to; the sealed text opens with the same aad only.
type Sealer interface {
	Seal(plain, aad string) (string, error)
}

// Unsealer opens what a Sealer has sealed.
type Unsealer interface {
	Unseal(sealed, aad string) (string, error)
}

// AAD is the associated data under which a secret is sealed: it opens as this
// secret of this credential only.
func AAD(vaultID, credentialID, name string) string {
	return "vault_credential/" + vaultID + "/" + credentialID + "/" + name
}

// Sealed are sealed secrets by name.
type Sealed map[string]string

// Seal seals the secrets of a credential, which has its ids. The error is that
// of the sealer.
func (s Secrets) Seal(c wire.Credential, sealer Sealer) (Sealed, error) {
	out := make(Sealed, len(s))
	for name, secret := range s {
		sealed, err := sealer.Seal(string(secret), AAD(c.VaultID, c.ID, name))
		if err != nil {
			return nil, fmt.Errorf("seal %s of credential %s: %w", name, c.ID, err)
		}
		out[name] = sealed
	}
	return out, nil
}

// Stored is a credential with its sealed secrets, as the store keeps it.
type Stored struct {
	wire.Credential
	Sealed Sealed
}

// Open is the secret that is sent to a server in the credential's name: the
// access token, the bearer token or the value of the variable. It is an error
// if the credential has none (archived) or if the sealed text doesn't open.
func Open(c Stored, u Unsealer) (Secret, error) {
	switch {
	case c.Auth.MCPOAuth != nil:
		return OpenSecret(c, AccessToken, u)
	case c.Auth.StaticBearer != nil:
		return OpenSecret(c, Token, u)
	}
	return OpenSecret(c, SecretValue, u)
}

// OpenSecret is the secret of a name. Its errors are those of Open.
func OpenSecret(c Stored, name string, u Unsealer) (Secret, error) {
	sealed, ok := c.Sealed[name]
	if !ok {
		return "", fmt.Errorf("credential %s has no %s", c.ID, name)
	}
	plain, err := u.Unseal(sealed, AAD(c.VaultID, c.ID, name))
	if err != nil {
		return "", fmt.Errorf("open %s of credential %s: %w", name, c.ID, err)
	}
	return Secret(plain), nil
}
