package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/secret"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// keep is a data directory with secrets in it, and no server.
type keep struct {
	t   *testing.T
	dir string
	n   int // secrets of each kind
}

// with opens the directory as a server would.
func (k *keep) with(fn func(tx store.Tx, box *secret.Box) error) {
	k.t.Helper()
	db, err := sqlite.Open(k.t.Context(), filepath.Join(k.dir, databaseFile))
	if err != nil {
		k.t.Fatal(err)
	}
	box, err := secret.Open(filepath.Join(k.dir, keyFile))
	if err != nil {
		k.t.Fatal(err)
	}
	if err := errors.Join(db.Update(k.t.Context(), func(tx store.Tx) error { return fn(tx, box) }), db.Close()); err != nil {
		k.t.Fatal(err)
	}
}

// add adds a vault with an OAuth credential, which has three secrets, and a
// session with a repository, which has one.
func (k *keep) add() {
	k.t.Helper()
	n := k.n
	k.n++
	k.with(func(tx store.Tx, box *secret.Box) error {
		c := wire.Credential{ID: fmt.Sprint("vcrd_", n), VaultID: fmt.Sprint("vlt_", n),
			Auth: wire.CredentialAuth{MCPOAuth: &wire.MCPOAuth{Type: wire.TypeMCPOAuth, MCPServerURL: "https://mcp.example"}}}
		sealed, err := vault.Secrets{vault.AccessToken: vault.Secret(fmt.Sprint("access ", n)),
			vault.RefreshToken: vault.Secret(fmt.Sprint("refresh ", n)), vault.ClientSecret: vault.Secret(fmt.Sprint("client ", n))}.Seal(c, box)
		if err != nil {
			return err
		}
		plan, err := resource.Check([]wire.ResourceParams{{GitHubRepository: &wire.GitHubRepositoryParams{
			URL: wire.Some("https://github.com/a/b"), AuthorizationToken: wire.Some(fmt.Sprint("token-", n))}}}, resource.Environment{}, resource.Options{})
		if err != nil {
			return err
		}
		session := fmt.Sprint("sesn_", n)
		return errors.Join(
			store.InsertVault(tx, wire.Vault{ID: c.VaultID}),
			store.InsertCredential(tx, vault.Stored{Credential: c, Sealed: sealed}),
			plan.Bind(session, new(ids.Random), box),
			store.InsertResources(tx, plan, 1))
	})
}

// check opens every secret with the key that a server would use.
func (k *keep) check() {
	k.t.Helper()
	k.with(func(tx store.Tx, box *secret.Box) error {
		for n := range k.n {
			all, err := store.SessionCredentials(tx, []string{fmt.Sprint("vlt_", n)})
			if err != nil || len(all) != 1 {
				return fmt.Errorf("%d credentials, %w", len(all), err)
			}
			for name, want := range map[string]string{vault.AccessToken: "access ", vault.RefreshToken: "refresh ", vault.ClientSecret: "client "} {
				if got, err := vault.OpenSecret(all[0], name, box); err != nil || string(got) != fmt.Sprint(want, n) {
					k.t.Errorf("%s %d: %q, %v", name, n, string(got), err)
				}
			}
			session := fmt.Sprint("sesn_", n)
			resources, err := store.ResourcesOf(tx, session)
			if err != nil || len(resources) != 1 {
				return fmt.Errorf("%d resources, %w", len(resources), err)
			}
			id := resources[0].ResourceID()
			sealed, err := store.ResourceSecret(tx, id)
			if err != nil {
				return err
			}
			if got, err := box.Unseal(sealed, resource.TokenAAD(session, id)); err != nil || got != fmt.Sprint("token-", n) {
				k.t.Errorf("token %d: %q, %v", n, got, err)
			}
		}
		return nil
	})
}

func newKeep(t *testing.T) *keep {
	k := &keep{t: t, dir: t.TempDir()}
	k.add()
	k.add()
	return k
}

func (k *keep) key() string {
	k.t.Helper()
	b, err := os.ReadFile(filepath.Join(k.dir, keyFile))
	if err != nil {
		k.t.Fatal(err)
	}
	return string(b)
}

// rotated checks that the old key is gone from the directory and opens
// nothing that is in the database.
func (k *keep) rotated(old string) {
	k.t.Helper()
	k.check()
	if k.key() == old {
		k.t.Error("the key is the old one")
	}
	if _, err := os.Stat(filepath.Join(k.dir, keyFile+".next")); !errors.Is(err, os.ErrNotExist) {
		k.t.Errorf("the new key is still on its way: %v", err)
	}
	former := filepath.Join(k.t.TempDir(), "key")
	if err := os.WriteFile(former, []byte(old), 0o600); err != nil {
		k.t.Fatal(err)
	}
	box, err := secret.Open(former)
	if err != nil {
		k.t.Fatal(err)
	}
	k.with(func(tx store.Tx, _ *secret.Box) error {
		if _, err := store.Reseal(tx, box); !errors.Is(err, secret.ErrOtherKey) {
			k.t.Errorf("the old key opens something: %v", err)
		}
		return nil
	})
}

func TestRotateKey(t *testing.T) {
	k := newKeep(t)
	old := k.key()
	if n, err := RotateKey(t.Context(), k.dir); err != nil || n != 8 {
		t.Fatalf("%d secrets, %v", n, err)
	}
	k.rotated(old)
	old = k.key()
	if n, err := RotateKey(t.Context(), k.dir); err != nil || n != 8 {
		t.Fatalf("again: %d secrets, %v", n, err)
	}
	k.rotated(old)
}

var errKilled = errors.New("killed")

// Whatever step it is killed after, a server works with all secrets and can
// seal more, and the next rotation ends it.
func TestRotateKeyKilled(t *testing.T) {
	for _, at := range []string{"key written", "sealed", "committed"} {
		t.Run(at, func(t *testing.T) {
			k := newKeep(t)
			old := k.key()
			for range 2 { // twice in a row
				_, err := rotateKey(t.Context(), k.dir, func(step string) error {
					if step == at {
						return errKilled
					}
					return nil
				})
				if !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				if k.key() != old {
					t.Error("the key was replaced too early")
				}
				k.check()
				k.add() // a server in between
				k.check()
			}
			if n, err := RotateKey(t.Context(), k.dir); err != nil || n != 16 {
				t.Fatalf("%d secrets, %v", n, err)
			}
			k.rotated(old)
		})
	}
}

func TestRotateKeyRefuses(t *testing.T) {
	k := newKeep(t)
	old := k.key()
	k.with(func(tx store.Tx, box *secret.Box) error {
		sealed, err := box.Seal("x", "elsewhere")
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE credential_secrets SET sealed = $1 WHERE credential_id = 'vcrd_1' AND name = 'refresh_token'`, sealed)
		return err
	})
	_, err := RotateKey(t.Context(), k.dir)
	if !errors.Is(err, secret.ErrDamaged) || !strings.Contains(err.Error(), "vlt_1/vcrd_1/refresh_token") {
		t.Errorf("a damaged secret: %v", err)
	}
	if k.key() != old {
		t.Error("the key was replaced all the same")
	}
	k.with(func(tx store.Tx, _ *secret.Box) error { return store.DeleteVault(tx, "vlt_1") })
	if n, err := RotateKey(t.Context(), k.dir); err != nil || n != 5 {
		t.Errorf("without the damaged one: %d secrets, %v", n, err)
	}

	empty := t.TempDir()
	if _, err := RotateKey(t.Context(), empty); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no server's directory: %v", err)
	}
	if names, err := os.ReadDir(empty); err != nil || len(names) != 0 {
		t.Errorf("it made %v there, %v", names, err)
	}
}

// The same with a real server before and after.
func TestRotateKeyBetweenServers(t *testing.T) {
	m := modeltest.New(t)
	dir := t.TempDir()
	p := start(t, dir, m.URL)
	home := p.create("/v1/vaults", `{"display_name":"v"}`)
	c := p.create("/v1/vaults/"+home+"/credentials", `{"auth":{"type":"static_bearer","mcp_server_url":"https://mcp.example","token":"tok"}}`)
	if _, err := RotateKey(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("under a running server: %v", err)
	}
	p.kill()
	if n, err := RotateKey(t.Context(), dir); err != nil || n != 1 {
		t.Fatalf("%d secrets, %v", n, err)
	}
	p = start(t, dir, m.URL)
	p.call("POST", "/v1/vaults/"+home+"/credentials/"+c, `{"display_name":"still here"}`)
	p.kill()
	k := &keep{t: t, dir: dir}
	k.with(func(tx store.Tx, box *secret.Box) error {
		all, err := store.SessionCredentials(tx, []string{home})
		if err != nil || len(all) != 1 {
			return fmt.Errorf("%d credentials, %w", len(all), err)
		}
		if got, err := vault.Open(all[0], box); err != nil || string(got) != "tok" || time.Time(all[0].UpdatedAt).Before(time.Time(all[0].CreatedAt)) {
			t.Errorf("%q, %v", string(got), err)
		}
		return nil
	})
}
