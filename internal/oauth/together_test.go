package oauth

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/oauth/oauthtest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Many sessions on two nodes ask for the token at once: one refresh, and all
// get its token. The server revokes the grant of a token that is used twice,
// so a second one would show.
func TestOneRefreshAtATime(t *testing.T) {
	const each = 10
	h := newHold()
	r := newRig(t, time.Hour, &oauthtest.Server{Hold: h.at})
	r.advance(2 * time.Hour)
	nodes := []*Refresher{r.node(), r.node()}
	got := make(chan string, 2*each)
	var begun, all sync.WaitGroup
	for i := range 2 * each {
		begun.Add(1)
		all.Go(func() {
			begun.Done()
			rejected := ""
			if i%3 == 0 {
				rejected = r.access
			}
			token, err := nodes[i%2].Token(context.Background(), session1, r.mcp.URL, rejected)
			if err != nil {
				t.Error(err)
			}
			got <- token
		})
	}
	begun.Wait()
	<-h.arrived
	<-time.After(3 * pollEvery) // for the others to get in each other's way
	close(h.release)
	all.Wait()
	close(got)
	for token := range got {
		if !r.server.Valid(token) {
			t.Errorf("got %s", token)
		}
	}
	r.asked(1)
}

// A process that died with the lease is waited for until the lease's end.
func TestLeaseOfTheDead(t *testing.T) {
	r := newRig(t, time.Hour, nil)
	r.advance(2 * time.Hour)
	now := r.now().UnixMicro()
	r.update(func(tx store.Tx) error {
		_, err := store.ClaimRefresh(tx, credential, "somebody who died", now, now+leaseTime.Microseconds())
		return err
	})
	n := r.node()
	got := make(chan string)
	go func() {
		token, err := n.Token(context.Background(), session1, r.mcp.URL, "")
		if err != nil {
			t.Error(err)
		}
		got <- token
	}()
	select {
	case token := <-got:
		t.Errorf("it wasn't waited for: %s", token)
	case <-time.After(3 * pollEvery):
	}
	r.asked(0)
	if err := n.Sweep(t.Context()); err != nil { // passes it over
		t.Error(err)
	}
	r.advance(leaseTime)
	if token := <-got; !r.server.Valid(token) {
		t.Errorf("got %s", token)
	}
	r.asked(1)
}

// Those who wait for another process leave when theirs ends.
func TestCloseEndsWaiting(t *testing.T) {
	r := newRig(t, time.Hour, nil)
	r.advance(2 * time.Hour)
	now := r.now().UnixMicro()
	r.update(func(tx store.Tx) error {
		_, err := store.ClaimRefresh(tx, credential, "another", now, now+leaseTime.Microseconds())
		return err
	})
	n := r.node()
	end := make(chan error)
	go func() {
		_, err := n.Token(context.Background(), session1, r.mcp.URL, "")
		end <- err
	}()
	<-time.After(2 * pollEvery)
	n.Close()
	if err := <-end; !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
}

// flaky is a database whose updates fail.
type flaky struct {
	store.DB
	mu   sync.Mutex
	left int // failures to come; negative: for good
}

var errDisk = errors.New("the disk is full")

func (f *flaky) Update(ctx context.Context, fn func(store.Tx) error) error {
	f.mu.Lock()
	fail := f.left != 0
	f.left -= min(max(f.left, 0), 1)
	f.mu.Unlock()
	if fail {
		return errDisk
	}
	return f.DB.Update(ctx, fn)
}

func (f *flaky) fail(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = n
}

// A database that stumbles between the answer and the commit loses nothing.
func TestCommitIsTriedAgain(t *testing.T) {
	db := &flaky{}
	r := newRig(t, time.Hour, &oauthtest.Server{Hold: func(int) { db.fail(3) }})
	db.DB = r.db
	r.advance(2 * time.Hour)
	token := r.token(r.node(func(c *Config) { c.DB = db }), "")
	_, secrets := r.stored()
	if !r.server.Valid(token) || secrets[vault.AccessToken] != token || secrets[vault.RefreshToken] == r.refresh {
		t.Errorf("got %s, stored %v", token, secrets)
	}
}

// A crash at the worst moment, after the answer and before the commit, loses a
// rotated refresh token. Other processes find that out and say so.
func TestCrashBeforeTheCommit(t *testing.T) {
	h := newHold()
	db := &flaky{}
	r := newRig(t, time.Hour, &oauthtest.Server{Hold: h.at})
	db.DB = r.db
	r.advance(2 * time.Hour)
	dead := r.node(func(c *Config) { c.DB = db })
	dead.commitTime = 50 * time.Millisecond
	token := make(chan string)
	go func() { token <- r.token(dead, "") }()
	<-h.arrived
	db.fail(-1)
	close(h.release)
	if got := <-token; !r.server.Valid(got) { // it lives long enough to tell its callers
		t.Errorf("got %s", got)
	}
	r.advance(leaseTime)
	n := r.node()
	if _, err := n.Token(t.Context(), session1, r.mcp.URL, r.access); !errors.Is(err, ErrReauthorize) {
		t.Errorf("got %v", err)
	}
	if _, err := n.Token(t.Context(), session1, r.mcp.URL, r.access); !errors.Is(err, ErrReauthorize) {
		t.Errorf("got %v", err)
	}
	r.asked(2)
}

// What the user changes while a refresh is on its way stays.
func TestChangesWin(t *testing.T) {
	later := wire.Micros(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
	for name, c := range map[string]struct {
		change  func(r *rig)
		token   string // that the waiting session gets; "" is the fresh one
		access  string // that is stored; "" is the fresh one
		refresh string // "" is the rotated one
		expires string
	}{
		"nothing that matters": {func(r *rig) { r.save(nil, nil) }, "", "", "", "1h0m0s"},
		"the access token": {func(r *rig) { r.save(nil, vault.Secrets{vault.AccessToken: "mine"}) },
			"mine", "mine", "", "-1h0m0s"},
		"the refresh token": {func(r *rig) { r.save(nil, vault.Secrets{vault.RefreshToken: "mine"}) },
			"old", "old", "mine", "-1h0m0s"},
		"both": {func(r *rig) {
			r.save(func(a *wire.MCPOAuth) { a.ExpiresAt = &later }, vault.Secrets{vault.AccessToken: "mine", vault.RefreshToken: "mine too"})
		}, "mine", "mine", "mine too", time.Time(later).Sub(time.Date(2026, 10, 1, 11, 0, 0, 0, time.UTC)).String()},
		"the expiry": {func(r *rig) { r.save(func(a *wire.MCPOAuth) { a.ExpiresAt = &later }, nil) },
			"old", "old", "", time.Time(later).Sub(time.Date(2026, 10, 1, 11, 0, 0, 0, time.UTC)).String()},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHold()
			r := newRig(t, time.Hour, &oauthtest.Server{Hold: h.at})
			r.advance(2 * time.Hour)
			n := r.node()
			token := make(chan string)
			go func() { token <- r.token(n, "") }()
			<-h.arrived
			c.change(r)
			close(h.release)
			got := <-token
			_, secrets := r.stored()
			check := func(what, got, want string, fresh bool) {
				t.Helper()
				if want == "old" {
					want = r.access
				}
				if want != "" && got != want || want == "" && !fresh {
					t.Errorf("%s: %s, want %q", what, got, want)
				}
			}
			check("token", got, c.token, r.server.Valid(got))
			check("access token", secrets[vault.AccessToken], c.access, r.server.Valid(secrets[vault.AccessToken]))
			check("refresh token", secrets[vault.RefreshToken], c.refresh, secrets[vault.RefreshToken] != r.refresh)
			if got := r.expiresIn(); got != c.expires {
				t.Errorf("expires in %s, want %s", got, c.expires)
			}
			if ok, err := claimable(r); !ok || err != nil {
				t.Errorf("the lease isn't given up: %v", err)
			}
		})
	}
}

func claimable(r *rig) (ok bool, err error) {
	now := r.now().UnixMicro()
	err = r.db.Update(context.Background(), func(tx store.Tx) (err error) {
		ok, err = store.ClaimRefresh(tx, credential, "test", now, now+1)
		return err
	})
	return ok, err
}

// A failure says nothing of a grant that replaced the one that failed.
func TestFailureOfAnOldGrant(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	r := newRig(t, time.Hour, &oauthtest.Server{Fail: func(w http.ResponseWriter, n int) bool {
		if n == 1 {
			close(arrived)
			<-release
			w.WriteHeader(http.StatusBadRequest)
		}
		return n == 1
	}})
	r.advance(2 * time.Hour)
	n := r.node()
	token := make(chan string)
	go func() { token <- r.token(n, "") }()
	<-arrived
	access, refresh := r.server.Grant()
	r.save(nil, vault.Secrets{vault.RefreshToken: vault.Secret(refresh)})
	close(release)
	if got := <-token; got != r.access {
		t.Errorf("got %s", got)
	}
	if s := r.state(); s.Refused != "" || s.Attempts != 0 {
		t.Errorf("state: %+v", s)
	}
	if got := r.token(n, r.access); !r.server.Valid(got) || got == access {
		t.Errorf("got %s", got)
	}
}

// An archived credential is gone, whatever the answer brings.
func TestArchivedMeanwhile(t *testing.T) {
	for name, remove := range map[string]func(tx store.Tx) error{
		"archived":      func(tx store.Tx) error { return store.ArchiveCredential(tx, credential, 1) },
		"deleted":       func(tx store.Tx) error { return store.DeleteCredential(tx, credential) },
		"vault deleted": func(tx store.Tx) error { return store.DeleteVault(tx, "vlt_1") },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHold()
			r := newRig(t, time.Hour, &oauthtest.Server{Hold: h.at})
			r.advance(2 * time.Hour)
			n := r.node()
			token := make(chan string)
			go func() { token <- r.token(n, "") }()
			<-h.arrived
			r.update(remove)
			close(h.release)
			if got := <-token; got != "" {
				t.Errorf("got %s", got)
			}
			var left int
			r.update(func(tx store.Tx) error {
				return store.One(tx, `SELECT (SELECT COUNT(*) FROM credential_secrets) + (SELECT COUNT(*) FROM oauth_refreshes)`, nil, &left)
			})
			if left != 0 {
				t.Errorf("%d rows are left", left)
			}
		})
	}
}

func TestSweep(t *testing.T) {
	r := newRig(t, time.Hour, nil)
	n := r.node()
	sweep := func(asked int, expires string) {
		t.Helper()
		if err := n.Sweep(t.Context()); err != nil {
			t.Error(err)
		}
		r.asked(asked)
		if got := r.expiresIn(); got != expires {
			t.Errorf("expires in %s, want %s", got, expires)
		}
	}
	sweep(0, "1h0m0s")
	r.advance(55*time.Minute - time.Second)
	sweep(0, "5m1s")
	r.advance(time.Second)
	sweep(1, "1h0m0s")
	sweep(1, "1h0m0s")
	r.advance(55 * time.Minute)
	sweep(2, "1h0m0s")
	r.update(func(tx store.Tx) error { return store.ArchiveCredentials(tx, "vlt_1", 1) })
	r.advance(time.Hour)
	if err := n.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	r.asked(2)
}

// A short-lived token is not refreshed again and again.
func TestShortLife(t *testing.T) {
	r := newRig(t, time.Minute, &oauthtest.Server{Lifetime: 20 * time.Second})
	n := r.node()
	if got := r.token(n, ""); got != r.access {
		t.Errorf("got %s", got)
	}
	r.advance(30 * time.Second)
	first := r.token(n, "")
	r.advance(9 * time.Second)
	if err := n.Sweep(t.Context()); err != nil || r.token(n, "") != first {
		t.Errorf("it was refreshed, %v", err)
	}
	r.advance(time.Second)
	if got := r.token(n, ""); got == first {
		t.Error("it wasn't refreshed")
	}
	r.asked(2)
}
