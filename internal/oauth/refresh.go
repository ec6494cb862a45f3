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
	leaseTime = 20 * time.Second // longer than an exchange and its commit
	waitTime  = leaseTime + exchangeTime
	pollEvery = 50 * time.Millisecond // while another process has the lease

	firstPause = time.Second // after a failure that may pass; doubled after each
	lastPause  = 5 * time.Minute
)

// refresh gets an access token in place of the one in seen, or the one that
// somebody else got meanwhile. insist asks also for what was refused for good
// or failed a moment ago.
//
// The error is a *Failure, store.ErrNotFound if the credential was archived or
// deleted, that of ctx, or an internal one. ctx ends the waiting only.
func (r *Refresher) refresh(ctx context.Context, seen vault.Stored, insist bool) (vault.Secret, error) {
	key := seen.ID + " " + seen.Sealed[vault.AccessToken]
	if insist {
		key += " insist"
	}
	flight := r.flights.DoChan(key, func() (any, error) {
		done, ok := r.begin()
		if !ok {
			return vault.Secret(""), errClosed
		}
		defer done()
		return r.fly(seen, insist)
	})
	select {
	case end := <-flight:
		token, _ := end.Val.(vault.Secret)
		return token, end.Err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// fly is refresh for all who ask for it at the time.
func (r *Refresher) fly(seen vault.Stored, insist bool) (vault.Secret, error) {
	limit := time.NewTimer(waitTime)
	defer limit.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		c, mine, err := r.claim(seen, insist)
		if err != nil {
			return "", err
		}
		if mine {
			return r.renew(c)
		}
		if c.Sealed[vault.AccessToken] != seen.Sealed[vault.AccessToken] {
			return vault.Open(c, r.Keys)
		}
		select {
		case <-poll.C:
		case <-limit.C:
			return "", &Failure{reason: "another refresh of the credential doesn't come to an end"}
		case <-r.stop.Done():
			return "", errClosed
		}
	}
}

// claim reads the credential as it is now, and takes the lease on its refresh
// if nobody has it and its access token is still the seen one.
func (r *Refresher) claim(seen vault.Stored, insist bool) (c vault.Stored, mine bool, err error) {
	now := r.Now().UnixMicro()
	var refused *Failure
	err = r.DB.Update(context.WithoutCancel(r.stop), func(tx store.Tx) error {
		if c, err = store.StoredCredential(tx, seen.ID); err != nil || c.Sealed[vault.AccessToken] != seen.Sealed[vault.AccessToken] {
			return err
		}
		state, err := store.GetRefresh(tx, c.ID)
		if err != nil {
			return err
		}
		switch {
		case insist:
		case state.Refused == vault.Grant(c):
			refused, state.Due = errRefused, nil // it may be due again since the credential was written
			return store.SaveRefresh(tx, c.ID, state)
		case state.Attempts > 0 && state.Due != nil && *state.Due > now:
			refused = errPaused
			return nil
		}
		mine, err = store.ClaimRefresh(tx, c.ID, r.holder, now, now+leaseTime.Microseconds())
		return err
	})
	if err == nil && refused != nil {
		err = refused
	}
	return c, mine, err
}

// Refusals of claim.
var (
	errRefused = &Failure{Permanent: true, reason: "the token endpoint refused the grant before"}
	errPaused  = &Failure{reason: "the token endpoint failed a moment ago"}
)

// renew refreshes a credential whose lease this process has.
func (r *Refresher) renew(c vault.Stored) (vault.Secret, error) {
	g, scrub, err := r.grantOf(c)
	if err != nil {
		return "", errors.Join(err, r.commit(c.ID, func(store.Tx) error { return nil }))
	}
	got, failure := r.exchange(context.WithoutCancel(r.stop), g, scrub)
	if failure != nil {
		r.Log.Warn("an OAuth token was not refreshed", "credential", c.ID, "permanent", failure.Permanent, "reason", failure.reason)
		if err := r.commit(c.ID, func(tx store.Tx) error { return r.saveFailure(tx, c, failure) }); err != nil {
			return "", err
		}
		return "", failure
	}
	fresh, err := r.seal(c, got)
	if err != nil {
		return "", err
	}
	var after vault.Stored
	err = r.commit(c.ID, func(tx store.Tx) error {
		after, err = r.saveTokens(tx, c, fresh)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", err
	case err != nil: // it serves those who wait for it, at least
		r.Log.Error("a refreshed OAuth token could not be stored", "credential", c.ID, "error", err)
		return vault.Secret(got.access), nil
	}
	return vault.Open(after, r.Keys)
}

// grantOf opens what the token endpoint is asked with.
func (r *Refresher) grantOf(c vault.Stored) (g grant, scrub scrubber, err error) {
	g.OAuthRefresh = *c.Auth.MCPOAuth.Refresh
	refresh, err := vault.OpenSecret(c, vault.RefreshToken, r.Keys)
	if err != nil {
		return g, scrub, err
	}
	g.refreshToken = string(refresh)
	if g.TokenEndpointAuth.Type != wire.TypeNone {
		client, err := vault.OpenSecret(c, vault.ClientSecret, r.Keys)
		if err != nil {
			return g, scrub, err
		}
		g.clientSecret = string(client)
	}
	access, err := vault.Open(c, r.Keys)
	user, password := g.basic()
	return g, newScrubber(string(access), g.refreshToken, g.clientSecret, user+":"+password), err
}

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
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.stop), r.commitTime)
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
