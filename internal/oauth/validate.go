package oauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Validate tries the access token of an active mcp_oauth credential: its MCP
// server is asked to initialize a session and to list its tools. A token that
// is refused with 401 is refreshed, whatever became of refreshes before, and
// the fresh one is tried in its place (Managed Agents API: vaults,
// mcp_oauth_validate).
//
// The verdict is invalid if the server refuses the token and a refresh isn't
// possible, is refused for good or doesn't help, and unknown if any of them
// doesn't answer or fails in another way. The error is store.ErrNotFound if the
// credential was archived or deleted, that of ctx, or an internal one.
func (r *Refresher) Validate(ctx context.Context, id string) (wire.CredentialValidation, error) {
	var c vault.Stored
	err := r.DB.View(ctx, func(tx store.Tx) (err error) {
		c, err = store.StoredCredential(tx, id)
		return err
	})
	if err != nil {
		return wire.CredentialValidation{}, err
	}
	out := wire.CredentialValidation{Type: "vault_credential_validation", CredentialID: c.ID, VaultID: c.VaultID,
		ValidatedAt: wire.Micros(r.Now().UnixMicro()), HasRefreshToken: c.Auth.MCPOAuth.Refresh != nil, Status: wire.ValidationUnknown}
	token, err := vault.Open(c, r.Keys)
	if err != nil {
		return out, err
	}
	failed := r.probe(ctx, c, token)
	gone := failed.refused()
	if gone && failed.status == http.StatusUnauthorized {
		if out.Refresh, token, gone, err = r.attempt(ctx, c); err != nil {
			return out, err
		}
		if token != "" {
			failed = r.probe(ctx, c, token)
			gone = failed.refused()
		}
	}
	switch {
	case failed == nil:
		out.Status = wire.ValidationValid
		return out, nil
	case gone:
		out.Status = wire.ValidationInvalid
	}
	out.MCPProbe = &failed.MCPProbe
	return out, ctx.Err() // of a client that left: nothing was found out
}

func (r *Refresher) probe(ctx context.Context, c vault.Stored, token vault.Secret) *step {
	p := &probe{client: r.client, url: c.Auth.MCPOAuth.MCPServerURL, token: string(token), scrub: newScrubber(string(token))}
	return p.run(ctx)
}

// attempt refreshes the token of a credential that its server refused: the
// fresh token, or "" and whether there can be none.
func (r *Refresher) attempt(ctx context.Context, c vault.Stored) (out *wire.RefreshAttempt, token vault.Secret, gone bool, err error) {
	if c.Auth.MCPOAuth.Refresh == nil {
		return &wire.RefreshAttempt{Status: wire.RefreshNoRefreshToken}, "", true, nil
	}
	token, err = r.refresh(ctx, c, true)
	var failure *Failure
	switch {
	case err == nil:
		return &wire.RefreshAttempt{Status: wire.RefreshSucceeded}, token, false, nil
	case !errors.As(err, &failure):
		return nil, "", false, err
	case failure.Response == nil:
		return &wire.RefreshAttempt{Status: wire.RefreshConnectError}, "", false, nil
	}
	return &wire.RefreshAttempt{Status: wire.RefreshFailed, HTTPResponse: failure.Response}, "", failure.Permanent, nil
}
