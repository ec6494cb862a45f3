package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	firstPause = time.Second // after a failure that may pass; doubled after each
	lastPause  = 5 * time.Minute
)

// seal is c with the new tokens sealed, and nothing else in Sealed.
func (r *Refresher) seal(c vault.Stored, got tokens) (vault.Stored, error) {
	secrets := vault.Secrets{vault.AccessToken: vault.Secret(got.access)}
	if got.refresh != "" {
		secrets[vault.RefreshToken] = vault.Secret(got.refresh)
	}
	auth := *c.Auth.MCPOAuth
	auth.ExpiresAt = nil
	if got.lifetime > 0 {
		at := wire.Micros(r.Now().Add(got.lifetime).UnixMicro())
		auth.ExpiresAt = &at
	}
	c.Auth.MCPOAuth = &auth
	sealed, err := secrets.Seal(c.Credential, r.Keys)
	c.Sealed = sealed
	return c, err
}

// saveTokens stores what a refresh of read brought, and is the credential as
// it is then. A change that was made meanwhile wins, part by part: an access
// token that the user replaced stays, and so does a refresh token; but a
// rotated refresh token that takes the place of the one that was used is never
// lost.
func (r *Refresher) saveTokens(tx store.Tx, read, fresh vault.Stored) (vault.Stored, error) {
	cur, err := store.StoredCredential(tx, read.ID)
	if err != nil || cur.Sealed[vault.RefreshToken] != read.Sealed[vault.RefreshToken] {
		return cur, err
	}
	change := vault.Stored{Credential: cur.Credential, Sealed: vault.Sealed{}}
	if rotated, ok := fresh.Sealed[vault.RefreshToken]; ok {
		change.Sealed[vault.RefreshToken] = rotated
	}
	if cur.Sealed[vault.AccessToken] == read.Sealed[vault.AccessToken] && expiry(cur) == expiry(read) {
		auth := *cur.Auth.MCPOAuth
		auth.ExpiresAt = fresh.Auth.MCPOAuth.ExpiresAt
		change.Auth.MCPOAuth, change.Sealed[vault.AccessToken] = &auth, fresh.Sealed[vault.AccessToken]
	}
	if len(change.Sealed) == 0 {
		return cur, nil
	}
	change.UpdatedAt = wire.Micros(max(r.Now().UnixMicro(), cur.UpdatedAt.Micros()+1))
	if err := store.SaveCredential(tx, change); err != nil {
		return cur, err
	}
	state, err := store.GetRefresh(tx, read.ID)
	if err != nil {
		return cur, err
	}
	state.Refused = ""
	if err := store.SaveRefresh(tx, read.ID, state); err != nil {
		return cur, err
	}
	return store.StoredCredential(tx, read.ID)
}

// saveFailure stores how a refresh of read failed, unless the credential has
// another grant by now.
func (r *Refresher) saveFailure(tx store.Tx, read vault.Stored, f *Failure) error {
	cur, err := store.StoredCredential(tx, read.ID)
	if err != nil || vault.Grant(cur) != vault.Grant(read) {
		return err
	}
	state, err := store.GetRefresh(tx, read.ID)
	if err != nil {
		return err
	}
	if f.Permanent {
		return store.SaveRefresh(tx, read.ID, store.Refresh{Refused: vault.Grant(read)})
	}
	pause := max(min(firstPause<<min(state.Attempts, 20), lastPause), f.pause)
	due := r.Now().Add(pause).UnixMicro()
	return store.SaveRefresh(tx, read.ID, store.Refresh{Due: &due, Attempts: state.Attempts + 1, Refused: state.Refused})
}

// commit runs fn and gives the lease up. A database that fails is tried again
// while the lease lasts, for what fn has to store exists nowhere else.
func (r *Refresher) commit(id string, fn func(store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.commitTime)
	defer cancel()
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		err := r.DB.Update(ctx, func(tx store.Tx) error {
			if err := fn(tx); err != nil {
				return err
			}
			return store.ReleaseRefresh(tx, id, r.holder)
		})
		if err == nil || errors.Is(err, store.ErrNotFound) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// expiry is a credential's expires_at, 0 if it has none.
func expiry(c vault.Stored) int64 {
	if at := c.Auth.MCPOAuth.ExpiresAt; at != nil {
		return at.Micros()
	}
	return 0
}
