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
		var stored []vault.Stored
		err := db.View(ctx, func(tx store.Tx) error {
			doc, err := store.GetSessionDoc(tx, session)
			if err != nil {
				return err
			}
			stored, err = store.SessionCredentials(tx, doc.VaultIDs)
			return err
		})
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
