package vault

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// MaxCredentials is how many active credentials a vault may have.
const MaxCredentials = 20

// NewCredential is the credential that the body of a create makes, without
// ids and times, and its secrets. now is what expires_at must come after.
func NewCredential(p wire.CredentialParams, now time.Time) (wire.Credential, Secrets, error) {
	c := wire.Credential{Type: "vault_credential"}
	if p.DisplayName.Set && !p.DisplayName.Null {
		c.DisplayName = &p.DisplayName.Value
		if *c.DisplayName != "" { // the API asks for no character here, but for one in an update
			if err := checkLength("display_name", *c.DisplayName, MaxName); err != nil {
				return c, nil, err
			}
		}
	}
	var err error
	if c.Metadata, err = wire.NewMetadata(p.Metadata.Value); err != nil {
		return c, nil, err
	}
	if !p.Auth.Set {
		return c, nil, fault.At("auth", "field required")
	}
	secrets := Secrets{}
	switch auth := p.Auth.Value; {
	case p.Auth.Null:
		err = fault.At("", "expected an object")
	case auth.MCPOAuth != nil:
		c.Auth.MCPOAuth, err = newMCPOAuth(auth.MCPOAuth, secrets, now)
	case auth.StaticBearer != nil:
		c.Auth.StaticBearer, err = newStaticBearer(auth.StaticBearer, secrets)
	default:
		c.Auth.EnvironmentVariable, err = newVariable(auth.EnvironmentVariable, secrets)
	}
	return c, secrets, fault.Under("auth", err)
}

// UpdateCredential is the credential that an update of cur leads to, without
// its new updated_at, and the secrets that replace stored ones. What the
// update leaves out stays. An archived credential is refused, and so is
// another type of auth, and a field that can't change even if its value is the
// stored one. now is what expires_at must come after.
func UpdateCredential(cur wire.Credential, p wire.CredentialParams, now time.Time) (wire.Credential, Secrets, error) {
	if cur.ArchivedAt != nil {
		return cur, nil, fault.New(fault.Invalid, "Credential `%s` is archived and can't be changed.", cur.ID)
	}
	if p.DisplayName.Set {
		name, err := optional("display_name", p.DisplayName, MaxName)
		if err != nil {
			return cur, nil, err
		}
		cur.DisplayName = name
	}
	var err error
	if cur.Metadata, err = p.Metadata.Value.Apply(cur.Metadata, false); err != nil {
		return cur, nil, err
	}
	if !p.Auth.Set {
		return cur, nil, nil
	}
	secrets := Secrets{}
	switch auth := p.Auth.Value; {
	case p.Auth.Null:
		err = fault.At("", "expected an object; leave the field out to keep what is stored")
	case auth.AuthType() != cur.Auth.AuthType():
		err = fault.At("type", "the type of a credential can't change from `%s` to `%s`", cur.Auth.AuthType(), auth.AuthType())
	case auth.MCPOAuth != nil:
		cur.Auth.MCPOAuth, err = updateMCPOAuth(*cur.Auth.MCPOAuth, auth.MCPOAuth, secrets, now)
	case auth.StaticBearer != nil:
		err = updateStaticBearer(auth.StaticBearer, secrets)
	default:
		cur.Auth.EnvironmentVariable, err = updateVariable(*cur.Auth.EnvironmentVariable, auth.EnvironmentVariable, secrets)
	}
	return cur, secrets, fault.Under("auth", err)
}

// Lookup stands for what a session finds a credential by: the normalised URL
// of the MCP server, whatever the type, or the name of the variable. No two
// active credentials of a vault have the same. It has at most some 1,000
// bytes, which an index of any database takes.
func Lookup(a wire.CredentialAuth) string {
	server, ok := Server(a)
	if !ok {
		return "variable " + a.EnvironmentVariable.SecretName
	}
	server = NormalizeURL(server)
	if len(server) > 1000 {
		return fmt.Sprintf("mcp sha256 %x", sha256.Sum256([]byte(server)))
	}
	return "mcp " + server
}

// CheckUnique refuses a new credential if another active one of its vault has
// its Lookup. other is that one's id, "" if there is none.
func CheckUnique(a wire.CredentialAuth, other string) error {
	if other == "" {
		return nil
	}
	path, what := "auth.mcp_server_url", "MCP server"
	if a.EnvironmentVariable != nil {
		path, what = "auth.secret_name", "variable"
	}
	return &fault.Error{Kind: fault.Conflict, Path: path,
		Message: "credential `" + other + "` of this vault is for the same " + what + "; update it, or archive it first"}
}

// CheckRoom refuses a new credential in a vault that is full.
func CheckRoom(active int) error {
	if active >= MaxCredentials {
		return fault.New(fault.Invalid, "the vault has %d credentials, the most it may have; archive or delete one first", active)
	}
	return nil
}
