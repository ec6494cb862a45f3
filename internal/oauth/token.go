package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
)

// tokenEarly is how long before its expiry a token is refreshed when a session
// asks for it.
const tokenEarly = time.Minute

// Token is the bearer token of the first of a session's vaults that has one
// for an MCP server, "" if none has. rejected is the token that the server
// refused, or "": another one is wanted, if there can be one; the same again
// means that there is none.
//
// A token that can't be refreshed right now is returned as it is, also after
// its expiry: the server has the last word. The error wraps ErrReauthorize if
// the rejected token can't be replaced because its grant is gone; else it is
// that of ctx or an internal one.
func (r *Refresher) Token(ctx context.Context, session, serverURL, rejected string) (string, error) {
	c, found, err := r.find(ctx, session, serverURL)
	if err != nil || !found {
		return "", err
	}
	held, err := vault.Open(c, r.Keys)
	if err != nil {
		return "", err
	}
	token := string(held)
	at, known := vault.RefreshAt(c.Credential, tokenEarly)
	due := known && !r.Now().Before(at)
	if a := c.Auth.MCPOAuth; a == nil || a.Refresh == nil || token != rejected && !due {
		return token, nil
	}
	fresh, err := r.refresh(ctx, c, false)
	var failure *Failure
	switch {
	case err == nil:
		return string(fresh), nil
	case errors.Is(err, store.ErrNotFound): // archived or deleted meanwhile
		return r.Token(ctx, session, serverURL, rejected)
	case !errors.As(err, &failure):
		return "", err
	case failure.Permanent && token == rejected:
		return "", failure
	}
	return token, nil
}

// find finds the credential that a session has for an MCP server.
func (r *Refresher) find(ctx context.Context, session, serverURL string) (found vault.Stored, ok bool, err error) {
	var all []vault.Stored
	err = r.DB.View(ctx, func(tx store.Tx) error {
		doc, err := store.GetSessionDoc(tx, session)
		if err != nil {
			return err
		}
		all, err = store.SessionCredentials(tx, doc.VaultIDs)
		return err
	})
	want := vault.NormalizeURL(serverURL)
	for _, c := range all {
		if server, ok := vault.Server(c.Auth); ok && vault.NormalizeURL(server) == want {
			return c, true, err
		}
	}
	return found, false, err
}
