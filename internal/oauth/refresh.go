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
	err = r.DB.Update(context.Background(), func(tx store.Tx) error {
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
	got, failure := r.exchange(context.Background(), g, scrub)
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
