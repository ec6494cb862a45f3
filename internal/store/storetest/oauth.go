package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// refreshable is an OAuth credential with a refresh token.
func refreshable(vaultID, id, url string, expires *wire.Time) vault.Stored {
	return vault.Stored{Sealed: vault.Sealed{vault.AccessToken: "access " + id, vault.RefreshToken: "refresh " + id}, Credential: wire.Credential{
		ID: id, Type: "vault_credential", VaultID: vaultID, Metadata: wire.Metadata{}, CreatedAt: wire.Micros(0), UpdatedAt: wire.Micros(0),
		Auth: wire.CredentialAuth{MCPOAuth: &wire.MCPOAuth{Type: wire.TypeMCPOAuth, MCPServerURL: url, ExpiresAt: expires,
			Refresh: &wire.OAuthRefresh{TokenEndpoint: "https://auth.example/token", ClientID: "c", TokenEndpointAuth: wire.TokenEndpointAuth{Type: wire.TypeNone}}}}}}
}

func in(d time.Duration) *wire.Time {
	t := wire.Micros(d.Microseconds())
	return &t
}

func refreshes(t *testing.T, db store.DB) {
	never := refreshable("vlt_1", "vcrd_3", "https://3.example", nil)
	withVaults(t, db, refreshable("vlt_1", "vcrd_1", "https://1.example", in(time.Hour)), refreshable("vlt_1", "vcrd_2", "https://2.example", in(30*time.Minute)),
		never, bearer("vlt_2", "vcrd_4", "https://4.example", 1), refreshable("vlt_2", "vcrd_5", "https://5.example", in(time.Hour)))
	due := func(at time.Duration, want ...string) {
		t.Helper()
		view(t, db, func(tx store.Tx) error {
			got, err := store.DueRefreshes(tx, at.Microseconds(), 10)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("due at %v: %v, want %v", at, got, want)
			}
			return err
		})
	}
	due(25*time.Minute - time.Microsecond)
	due(25*time.Minute, "vcrd_2")
	due(time.Hour, "vcrd_2", "vcrd_1", "vcrd_5")
	view(t, db, func(tx store.Tx) error {
		got, err := store.DueRefreshes(tx, time.Hour.Microseconds(), 1)
		if len(got) != 1 {
			t.Errorf("one at most: %v", got)
		}
		return err
	})

	// One has the lease, until its time is over or it gives it up.
	claim := func(id, holder string, now, until int64, want bool) {
		t.Helper()
		update(t, db, func(tx store.Tx) error {
			got, err := store.ClaimRefresh(tx, id, holder, now, until)
			if got != want {
				t.Errorf("%s claims %s at %d: %v", holder, id, now, got)
			}
			return err
		})
	}
	release := func(id, holder string) {
		update(t, db, func(tx store.Tx) error { return store.ReleaseRefresh(tx, id, holder) })
	}
	for _, id := range []string{"vcrd_1", "vcrd_3"} { // with and without an expiry
		claim(id, "a", 10, 20, true)
		claim(id, "b", 11, 21, false)
		claim(id, "a", 11, 21, false)
		release(id, "b")
		claim(id, "b", 12, 22, false)
		release(id, "a")
		claim(id, "b", 13, 23, true)
		release(id, "a") // of somebody who had it before
		claim(id, "c", 22, 30, false)
		claim(id, "c", 23, 30+time.Hour.Microseconds(), true)
	}
	due(time.Hour, "vcrd_2", "vcrd_5")
	release("vcrd_1", "c")

	// An outcome stays until the credential is written; a refusal stays on.
	later := (2 * time.Hour).Microseconds()
	update(t, db, func(tx store.Tx) error {
		return errors.Join(store.SaveRefresh(tx, "vcrd_1", store.Refresh{Due: &later, Attempts: 3}),
			store.SaveRefresh(tx, "vcrd_2", store.Refresh{Attempts: 1, Refused: "grant"}), store.SaveRefresh(tx, "vcrd_none", store.Refresh{}))
	})
	due(time.Hour, "vcrd_5")
	due(3*time.Hour, "vcrd_5", "vcrd_1")
	state := func(id, want string) {
		t.Helper()
		view(t, db, func(tx store.Tx) error {
			r, err := store.GetRefresh(tx, id)
			due := int64(-1)
			if r.Due != nil {
				due = *r.Due
			}
			if got := fmt.Sprintf("%v %d %q", time.Duration(due)*time.Microsecond, r.Attempts, r.Refused); got != want {
				t.Errorf("%s: %s, want %s", id, got, want)
			}
			return err
		})
	}
	state("vcrd_1", `2h0m0s 3 ""`)
	state("vcrd_2", `-1µs 1 "grant"`)
	state("vcrd_4", `-1µs 0 ""`)
	var two vault.Stored
	view(t, db, func(tx store.Tx) (err error) {
		two, err = store.StoredCredential(tx, "vcrd_2")
		return err
	})
	if fmt.Sprint(two.Sealed) != "map[access_token:access vcrd_2 refresh_token:refresh vcrd_2]" || two.Auth.MCPOAuth.ExpiresAt.Micros() != (30*time.Minute).Microseconds() {
		t.Errorf("stored: %+v", two)
	}
	two.Auth.MCPOAuth.ExpiresAt, two.Sealed = in(4*time.Hour), vault.Sealed{vault.AccessToken: "again"}
	update(t, db, func(tx store.Tx) error { return store.SaveCredential(tx, two) })
	state("vcrd_2", `3h55m0s 0 "grant"`)

	// What is archived or deleted is refreshed no more.
	update(t, db, func(tx store.Tx) error {
		return errors.Join(store.ArchiveCredential(tx, "vcrd_1", 9), store.DeleteCredential(tx, "vcrd_2"), store.ArchiveCredentials(tx, "vlt_2", 9))
	})
	due(100 * time.Hour)
	for _, id := range []string{"vcrd_1", "vcrd_2", "vcrd_5", "vcrd_none"} {
		state(id, `-1µs 0 ""`)
		view(t, db, func(tx store.Tx) error {
			if c, err := store.StoredCredential(tx, id); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s is stored: %v, %v", id, c, err)
			}
			return nil
		})
	}
	update(t, db, func(tx store.Tx) error { return store.DeleteVault(tx, "vlt_1") })
}
