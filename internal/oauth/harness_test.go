package oauth

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/oauth/oauthtest"
	"github.com/ostlerdev/ostler/internal/secret"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	credential = "vcrd_1"
	session1   = "sesn_1"
)

// rig is a database with one credential, an authorization server that issued
// its tokens, and a clock.
type rig struct {
	t      *testing.T
	dir    string
	db     store.DB
	keys   *secret.Box
	server *oauthtest.Server
	mcp    *oauthtest.MCP
	log    *buffer

	mu   sync.Mutex
	time time.Time

	access, refresh string // the first tokens
}

// newRig makes a credential whose token expires in life, or without a known
// expiry if that is 0.
func newRig(t *testing.T, life time.Duration, server *oauthtest.Server) *rig {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "ostler.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	keys, err := secret.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dir: dir, db: db, keys: keys, log: &buffer{}, time: time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)}
	if server == nil {
		server = &oauthtest.Server{}
	}
	server.Now = r.now
	r.server = oauthtest.Start(t, server)
	r.mcp = oauthtest.StartMCP(t, &oauthtest.MCP{Tokens: r.server})
	r.access, r.refresh = r.server.Grant()
	auth := server.Auth
	if auth == "" {
		auth = wire.TypeNone
	}
	var expires *wire.Time
	if life != 0 {
		at := wire.Micros(r.now().Add(life).UnixMicro())
		expires = &at
	}
	now := wire.Micros(r.now().UnixMicro())
	c := wire.Credential{ID: credential, Type: "vault_credential", VaultID: "vlt_1", Metadata: wire.Metadata{}, CreatedAt: now, UpdatedAt: now,
		Auth: wire.CredentialAuth{MCPOAuth: &wire.MCPOAuth{Type: wire.TypeMCPOAuth, MCPServerURL: r.mcp.URL, ExpiresAt: expires,
			Refresh: &wire.OAuthRefresh{TokenEndpoint: r.server.URL, ClientID: oauthtest.ClientID, TokenEndpointAuth: wire.TokenEndpointAuth{Type: auth}}}}}
	secrets := vault.Secrets{vault.AccessToken: vault.Secret(r.access), vault.RefreshToken: vault.Secret(r.refresh)}
	if auth != wire.TypeNone {
		secrets[vault.ClientSecret] = oauthtest.ClientSecret
	}
	r.update(func(tx store.Tx) error {
		if err := store.InsertVault(tx, wire.Vault{ID: "vlt_1", CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		if err := store.InsertCredential(tx, r.seal(c, secrets)); err != nil {
			return err
		}
		return store.InsertSession(tx, &store.Session{ID: session1, Status: "idle"}, store.SessionDoc{VaultIDs: []string{"vlt_1"}})
	})
	return r
}

func (r *rig) seal(c wire.Credential, secrets vault.Secrets) vault.Stored {
	r.t.Helper()
	sealed, err := secrets.Seal(c, r.keys)
	if err != nil {
		r.t.Fatal(err)
	}
	return vault.Stored{Credential: c, Sealed: sealed}
}

func (r *rig) update(fn func(store.Tx) error) {
	r.t.Helper()
	if err := r.db.Update(context.Background(), fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.time
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.time = r.time.Add(d)
}

// node is a Refresher of a process of its own. change may replace its parts.
func (r *rig) node(change ...func(*Config)) *Refresher {
	r.t.Helper()
	transport := &http.Transport{}
	c := Config{DB: r.db, Keys: r.keys, Transport: transport, Now: r.now, Log: slog.New(slog.NewTextHandler(r.log, nil))}
	for _, f := range change {
		f(&c)
	}
	n := New(c)
	r.t.Cleanup(func() {
		n.Close()
		transport.CloseIdleConnections()
	})
	return n
}

// token asks for a session's token.
func (r *rig) token(n *Refresher, rejected string) string {
	r.t.Helper()
	token, err := n.Token(r.t.Context(), session1, r.mcp.URL, rejected)
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}

// stored is the credential as it is in the database, with its secrets open.
func (r *rig) stored() (vault.Stored, map[string]string) {
	r.t.Helper()
	var c vault.Stored
	err := r.db.View(context.Background(), func(tx store.Tx) (err error) {
		c, err = store.StoredCredential(tx, credential)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	open := map[string]string{}
	for name := range c.Sealed {
		plain, err := vault.OpenSecret(c, name, r.keys)
		if err != nil {
			r.t.Fatal(err)
		}
		open[name] = string(plain)
	}
	return c, open
}

// save writes the credential as an update of a client does.
func (r *rig) save(change func(*wire.MCPOAuth), secrets vault.Secrets) {
	r.t.Helper()
	c, _ := r.stored()
	if change != nil {
		change(c.Auth.MCPOAuth)
	}
	c.UpdatedAt = wire.Micros(r.now().UnixMicro())
	s := r.seal(c.Credential, secrets)
	r.update(func(tx store.Tx) error { return store.SaveCredential(tx, s) })
}

// state is what is known of the credential's refreshes.
func (r *rig) state() store.Refresh {
	r.t.Helper()
	var s store.Refresh
	err := r.db.View(context.Background(), func(tx store.Tx) (err error) {
		s, err = store.GetRefresh(tx, credential)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// asked asserts how often the token endpoint was asked.
func (r *rig) asked(want int) {
	r.t.Helper()
	if got := len(r.server.Requests()); got != want {
		r.t.Errorf("the token endpoint was asked %d times, want %d", got, want)
	}
}

func (r *rig) expiresIn() string {
	c, _ := r.stored()
	if c.Auth.MCPOAuth.ExpiresAt == nil {
		return "never"
	}
	return fmt.Sprint(time.Time(*c.Auth.MCPOAuth.ExpiresAt).Sub(r.now()))
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// hold is a Hold of an authorization server that stops at the first answer.
type hold struct {
	arrived, release chan struct{}
}

func newHold() *hold { return &hold{make(chan struct{}), make(chan struct{})} }

func (h *hold) at(n int) {
	if n == 1 {
		close(h.arrived)
		<-h.release
	}
}
