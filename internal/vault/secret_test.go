package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/secret"
	"github.com/ostlerdev/ostler/internal/wire"
)

func box(t *testing.T) *secret.Box {
	t.Helper()
	b, err := secret.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealAndOpen(t *testing.T) {
	b := box(t)
	for auth, want := range map[string]string{bearer: "tok-1", oauthWith(refresh): "acc-1", variable: "val-1"} {
		c, secrets := create(t, auth)
		sealed, err := secrets.Seal(c, b)
		if err != nil || len(sealed) != len(secrets) {
			t.Fatalf("%v, %v", sealed, err)
		}
		stored := Stored{Credential: c, Sealed: sealed}
		if got, err := Open(stored, b); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", auth, string(got), err)
		}
		for name, plain := range secrets {
			if got, err := OpenSecret(stored, name, b); err != nil || got != plain {
				t.Errorf("%s: %q, %v", name, string(got), err)
			}
		}
		other := stored
		other.ID = "vcrd_2"
		if _, err := Open(other, b); !errors.Is(err, secret.ErrDamaged) {
			t.Errorf("the secret opens for another credential: %v", err)
		}
		other = stored
		other.VaultID = "vlt_2"
		if _, err := Open(other, b); !errors.Is(err, secret.ErrDamaged) {
			t.Errorf("the secret opens in another vault: %v", err)
		}
		if _, err := Open(Stored{Credential: c}, b); err == nil {
			t.Error("a credential without secrets opens")
		}
	}
	c, secrets := create(t, oauthWith(refresh))
	sealed, err := secrets.Seal(c, b)
	if err != nil {
		t.Fatal(err)
	}
	sealed[AccessToken] = sealed[RefreshToken]
	if _, err := Open(Stored{Credential: c, Sealed: sealed}, b); !errors.Is(err, secret.ErrDamaged) {
		t.Errorf("one secret opens as another: %v", err)
	}
}

type brokenSealer struct{}

func (brokenSealer) Seal(string, string) (string, error) { return "", errors.New("broken") }

func TestSealFailsWhole(t *testing.T) {
	c, secrets := create(t, bearer)
	if sealed, err := secrets.Seal(c, brokenSealer{}); err == nil || sealed != nil || strings.Contains(err.Error(), "tok-1") {
		t.Errorf("%v, %v", sealed, err)
	}
}

// A secret doesn't show, however it or what holds it is printed.
func TestSecretsDoNotShow(t *testing.T) {
	const hidden = "val-1"
	p := decode[wire.CredentialParams](t, `{"auth":`+variable+`}`)
	_, secrets, err := NewCredential(p, now)
	if err != nil {
		t.Fatal(err)
	}
	s := secrets[SecretValue]
	if string(s) != hidden {
		t.Fatalf("the secret itself is %q", string(s))
	}
	var shown []string
	for _, v := range []any{s, &s, secrets, p, &p, []Secret{s}, *p.Auth.Value.EnvironmentVariable, fmt.Errorf("about %v", s).Error()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T %v"} {
			shown = append(shown, fmt.Sprintf(verb, v))
		}
		if b, err := json.Marshal(v); err == nil {
			shown = append(shown, string(b))
		}
		shown = append(shown, string(wire.Encode(v)))
		var log bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(h).Info("seen", "value", v, slog.Group("g", "secret", s))
		}
		shown = append(shown, log.String())
	}
	redacted := 0
	for _, text := range shown {
		if strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
			t.Errorf("it shows: %s", text)
		}
		redacted += strings.Count(text, "[redacted]")
	}
	if redacted < len(shown)/2 {
		t.Errorf("%d of %d texts have [redacted]: the test looks at the wrong things", redacted, len(shown))
	}
}
