package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/oauth/oauthtest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestTokenIsRefreshedBeforeItExpires(t *testing.T) {
	r := newRig(t, 10*time.Minute, nil)
	n := r.node()
	if got := r.token(n, ""); got != r.access {
		t.Errorf("a good token: %s", got)
	}
	r.advance(9*time.Minute - time.Second)
	if got := r.token(n, ""); got != r.access {
		t.Errorf("a minute and a second before its end: %s", got)
	}
	r.asked(0)
	r.advance(time.Second)
	fresh := r.token(n, "")
	if fresh == r.access || !r.server.Valid(fresh) {
		t.Errorf("a minute before its end: %s", fresh)
	}
	if got := r.token(n, ""); got != fresh {
		t.Errorf("then: %s", got)
	}
	r.asked(1)
	c, secrets := r.stored()
	if secrets[vault.AccessToken] != fresh || secrets[vault.RefreshToken] == r.refresh || r.expiresIn() != "1h0m0s" || c.UpdatedAt.Micros() != r.now().UnixMicro() {
		t.Errorf("stored: %v, %s, expires in %s", secrets, wire.Encode(c.Credential), r.expiresIn())
	}
	// The rotated refresh token is used next.
	r.advance(time.Hour)
	if next := r.token(n, ""); next == fresh || !r.server.Valid(next) {
		t.Errorf("an hour later: %s", next)
	}
	r.asked(2)
}

func TestTokenThatTheServerRefused(t *testing.T) {
	r := newRig(t, 0, nil)
	n := r.node()
	r.advance(100 * time.Hour)
	if got := r.token(n, ""); got != r.access { // nobody knows when it expires
		t.Errorf("got %s", got)
	}
	fresh := r.token(n, r.access)
	if !r.server.Valid(fresh) {
		t.Errorf("got %s", fresh)
	}
	// One that was refused before somebody else refreshed it.
	if got := r.token(n, r.access); got != fresh {
		t.Errorf("got %s, want %s", got, fresh)
	}
	r.asked(1)
	if got := r.token(n, fresh); got == fresh || !r.server.Valid(got) {
		t.Errorf("refused again: %s", got)
	}
	r.asked(2)
	// Refused, replaced, and that one has expired too.
	r.advance(2 * time.Hour)
	if got := r.token(n, r.access); !r.server.Valid(got) {
		t.Errorf("got %s", got)
	}
	r.asked(3)
}

func TestTokensWithoutARefresh(t *testing.T) {
	r := newRig(t, time.Hour, nil)
	now := wire.Micros(1)
	old := wire.Micros(2)
	r.update(func(tx store.Tx) error {
		for id, auth := range map[string]wire.CredentialAuth{
			"vcrd_2": {StaticBearer: &wire.StaticBearer{Type: wire.TypeStaticBearer, MCPServerURL: "https://BEARER.example:443/mcp/"}},
			"vcrd_3": {MCPOAuth: &wire.MCPOAuth{Type: wire.TypeMCPOAuth, MCPServerURL: "https://old.example", ExpiresAt: &old}},
			"vcrd_4": {EnvironmentVariable: &wire.EnvironmentVariable{Type: wire.TypeEnvironmentVariable, SecretName: "KEY", Networking: wire.CredentialNetworking{Type: "unrestricted"}}},
		} {
			name := map[string]string{"vcrd_2": vault.Token, "vcrd_3": vault.AccessToken, "vcrd_4": vault.SecretValue}[id]
			c := wire.Credential{ID: id, VaultID: "vlt_1", CreatedAt: now, UpdatedAt: now, Auth: auth}
			if err := store.InsertCredential(tx, r.seal(c, vault.Secrets{name: vault.Secret("secret of " + id)})); err != nil {
				return err
			}
		}
		return nil
	})
	n := r.node()
	for url, want := range map[string]string{
		"https://bearer.example/mcp": "secret of vcrd_2", "https://old.example/": "secret of vcrd_3", "https://none.example": "", "": "",
		"http://bearer.example/mcp": "", "https://bearer.example/mcp/x": "",
	} {
		for _, rejected := range []string{"", "secret of vcrd_2", "secret of vcrd_3"} {
			if got, err := n.Token(t.Context(), session1, url, rejected); got != want || err != nil {
				t.Errorf("%s, %q was refused: %q, %v", url, rejected, got, err)
			}
		}
	}
	if _, err := n.Token(t.Context(), "sesn_none", r.mcp.URL, ""); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no such session: %v", err)
	}
	r.asked(0)
}

// A grant that was refused for good is not asked about again until it is
// replaced.
func TestGoneGrant(t *testing.T) {
	r := newRig(t, time.Hour, &oauthtest.Server{Auth: wire.TypeClientSecretPost})
	r.server.Revoke()
	r.advance(2 * time.Hour)
	for _, n := range []*Refresher{r.node(), r.node()} {
		if got := r.token(n, ""); got != r.access { // expired, but the MCP server has the last word
			t.Errorf("got %s", got)
		}
		if got, err := n.Token(t.Context(), session1, r.mcp.URL, r.access); got != "" || !errors.Is(err, ErrReauthorize) {
			t.Errorf("got %q, %v", got, err)
		}
		if err := n.Sweep(t.Context()); err != nil {
			t.Error(err)
		}
	}
	r.asked(1)
	n := r.node()
	r.save(func(a *wire.MCPOAuth) {}, nil) // a change of something else
	if err := n.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if s := r.state(); s.Due != nil || s.Refused == "" {
		t.Errorf("state: %+v", s)
	}
	r.asked(1)

	// A new access token works by itself, although the expiry of the old one stays.
	access, refresh := r.server.Grant()
	r.save(nil, vault.Secrets{vault.AccessToken: vault.Secret(access)})
	if got := r.token(n, ""); got != access {
		t.Errorf("got %s, want %s", got, access)
	}
	r.asked(1)
	// A new refresh token is another grant.
	r.save(nil, vault.Secrets{vault.RefreshToken: vault.Secret(refresh)})
	if got := r.token(n, access); got == access || !r.server.Valid(got) {
		t.Errorf("got %s", got)
	}
	r.asked(2)
	if s := r.state(); s.Refused != "" {
		t.Errorf("state: %+v", s)
	}
}

// Failures that may pass are tried again, ever more rarely, and harm no token.
func TestFailuresThatPass(t *testing.T) {
	var well atomic.Bool
	r := newRig(t, time.Hour, &oauthtest.Server{Fail: func(w http.ResponseWriter, n int) bool {
		switch {
		case well.Load():
			return false
		case n%2 == 0:
			http.Error(w, "on fire", http.StatusInternalServerError)
			return true
		}
		panic(http.ErrAbortHandler)
	}})
	n := r.node()
	r.advance(2 * time.Hour)
	for i, pause := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		if got := r.token(n, ""); got != r.access {
			t.Errorf("got %s", got)
		}
		r.asked(i + 1)
		if got := r.token(n, r.access); got != r.access {
			t.Errorf("got %s", got)
		}
		if err := n.Sweep(t.Context()); err != nil {
			t.Error(err)
		}
		r.asked(i + 1)
		if due := time.UnixMicro(*r.state().Due).Sub(r.now()); due != pause*time.Second {
			t.Errorf("after %d failures: tried again in %v", i+1, due)
		}
		r.advance(pause * time.Second)
	}
	well.Store(true)
	if got := r.token(n, ""); !r.server.Valid(got) {
		t.Errorf("got %s", got)
	}
	if s := r.state(); s.Attempts != 0 || s.Refused != "" {
		t.Errorf("state: %+v", s)
	}
	if !strings.Contains(r.log.String(), "answered 500") || strings.Contains(r.log.String(), "on fire") || strings.Contains(r.log.String(), r.refresh) {
		t.Errorf("log: %s", r.log)
	}
}

func TestRetryAfter(t *testing.T) {
	r := newRig(t, time.Hour, &oauthtest.Server{Fail: func(w http.ResponseWriter, n int) bool {
		w.Header().Set("Retry-After", "77")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}})
	r.advance(2 * time.Hour)
	r.token(r.node(), "")
	if due := time.UnixMicro(*r.state().Due).Sub(r.now()); due != 77*time.Second {
		t.Errorf("tried again in %v", due)
	}
}

// The caller may go; what was asked for is stored all the same.
func TestCallerLeaves(t *testing.T) {
	h := newHold()
	r := newRig(t, time.Hour, &oauthtest.Server{Hold: h.at})
	n := r.node()
	r.advance(2 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	end := make(chan error)
	go func() {
		_, err := n.Token(ctx, session1, r.mcp.URL, "")
		end <- err
	}()
	<-h.arrived
	cancel()
	if err := <-end; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(h.release)
	n.Close()
	if _, secrets := r.stored(); !r.server.Valid(secrets[vault.AccessToken]) || secrets[vault.RefreshToken] == r.refresh {
		t.Errorf("stored: %v", secrets)
	}
	if _, err := n.Token(t.Context(), session1, r.mcp.URL, "x"); err != nil { // needs no refresh
		t.Error(err)
	}
	r.advance(2 * time.Hour)
	if _, err := n.Token(t.Context(), session1, r.mcp.URL, ""); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}
