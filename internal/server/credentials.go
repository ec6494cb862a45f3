package server

import (
	"context"
	"crypto/x509"
	"os"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/sandboxes"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// credentialsOf reads the environment variables that a session's vaults give
// its sandbox. A value is opened only when it is asked for.
func credentialsOf(db store.DB, keys vault.Unsealer) func(context.Context, string) ([]sandboxes.Credential, error) {
	return func(ctx context.Context, session string) ([]sandboxes.Credential, error) {
		stored, err := sessionCredentials(ctx, db, session)
		if err != nil {
			return nil, err
		}
		var out []sandboxes.Credential
		for _, c := range stored {
			v := c.Auth.EnvironmentVariable
			if v == nil {
				continue
			}
			hosts, err := credentialHosts(v.Networking)
			if err != nil {
				return nil, err
			}
			out = append(out, sandboxes.Credential{
				ID: c.ID, Variable: v.SecretName, Hosts: hosts, Header: v.InjectionLocation.Header, Body: v.InjectionLocation.Body,
				Value: func(context.Context) (gate.Secret, error) {
					plain, err := vault.Open(c, keys)
					return gate.NewSecret(string(plain)), err
				},
			})
		}
		return out, nil
	}
}

// sessionCredentials reads the credentials of a session's vaults as they are
// now.
func sessionCredentials(ctx context.Context, db store.DB, session string) (out []vault.Stored, err error) {
	err = db.View(ctx, func(tx store.Tx) error {
		row, err := store.GetSession(tx, session)
		if err != nil {
			return err
		}
		doc, err := row.Doc()
		if err != nil || len(doc.VaultIDs) == 0 {
			return err
		}
		out, err = store.SessionCredentials(tx, doc.VaultIDs)
		return err
	})
	return out, err
}

func credentialHosts(n wire.CredentialNetworking) (policy.Policy, error) {
	if n.Type == wire.TypeUnrestricted {
		return policy.Unrestricted(), nil
	}
	return policy.Limited{AllowedHosts: n.AllowedHosts}.Policy()
}

// gateRoots is the authorities of file besides the system's, or nil for the
// system's alone.
func gateRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return gate.SystemRoots(pem)
}
