package vault

import (
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func oauthStored(updated, expires time.Duration) Stored {
	start := time.Unix(1_000_000, 0).UTC()
	at := wire.Time(start.Add(expires))
	return Stored{
		Credential: wire.Credential{UpdatedAt: wire.Time(start.Add(updated)), Auth: wire.CredentialAuth{MCPOAuth: &wire.MCPOAuth{
			ExpiresAt: &at, Refresh: &wire.OAuthRefresh{TokenEndpoint: "https://auth.example/token", ClientID: "c"}}}},
		Sealed: Sealed{AccessToken: "a1", RefreshToken: "r1", ClientSecret: "c1"},
	}
}

func TestRefreshAt(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	for _, c := range []struct{ updated, expires, early, want time.Duration }{
		{0, time.Hour, 5 * time.Minute, 55 * time.Minute},
		{0, 10 * time.Minute, 5 * time.Minute, 5 * time.Minute},
		{0, 4 * time.Minute, 5 * time.Minute, 2 * time.Minute}, // half of its life
		{time.Minute, 61 * time.Second, time.Minute, time.Minute + 500*time.Millisecond},
		{time.Hour, time.Minute, time.Minute, time.Minute}, // changed after it had expired
	} {
		at, ok := RefreshAt(oauthStored(c.updated, c.expires).Credential, c.early)
		if got := at.Sub(start); !ok || got != c.want {
			t.Errorf("%+v: %v, %v", c, got, ok)
		}
	}
	never := oauthStored(0, time.Hour).Credential
	never.Auth.MCPOAuth.ExpiresAt = nil
	bare := oauthStored(0, time.Hour).Credential
	bare.Auth.MCPOAuth.Refresh = nil
	bearer := wire.Credential{Auth: wire.CredentialAuth{StaticBearer: &wire.StaticBearer{}}}
	for _, c := range []wire.Credential{never, bare, bearer} {
		if at, ok := RefreshAt(c, time.Minute); ok {
			t.Errorf("%s is due at %v", wire.Encode(c.Auth), at)
		}
	}
}

func TestGrant(t *testing.T) {
	base := Grant(oauthStored(0, 0))
	other := func(change func(*Stored)) string {
		c := oauthStored(0, 0)
		change(&c)
		return Grant(c)
	}
	for name, got := range map[string]string{
		"an access token": other(func(c *Stored) { c.Sealed[AccessToken] = "a2" }),
		"the expiry":      other(func(c *Stored) { c.Auth.MCPOAuth.ExpiresAt = nil }),
		"metadata":        other(func(c *Stored) { c.Metadata = wire.Metadata{"a": "b"} }),
	} {
		if got != base {
			t.Errorf("%s makes another grant", name)
		}
	}
	scope := "read"
	seen := map[string]bool{base: true}
	for name, got := range map[string]string{
		"a refresh token":   other(func(c *Stored) { c.Sealed[RefreshToken] = "r2" }),
		"a client secret":   other(func(c *Stored) { c.Sealed[ClientSecret] = "c2" }),
		"no client secret":  other(func(c *Stored) { delete(c.Sealed, ClientSecret) }),
		"secrets exchanged": other(func(c *Stored) { c.Sealed[RefreshToken], c.Sealed[ClientSecret] = "c1", "r1" }),
		"a scope":           other(func(c *Stored) { c.Auth.MCPOAuth.Refresh.Scope = &scope }),
	} {
		if seen[got] {
			t.Errorf("%s makes no other grant", name)
		}
		seen[got] = true
	}
}

func TestCheckValidation(t *testing.T) {
	archived := wire.Micros(1)
	for want, c := range map[string]wire.Credential{
		"": {Auth: wire.CredentialAuth{MCPOAuth: &wire.MCPOAuth{}}},
		"Credential `x` is archived and has no token to validate.":                             {ID: "x", ArchivedAt: &archived, Auth: wire.CredentialAuth{MCPOAuth: &wire.MCPOAuth{}}},
		"Credential `x` is of type `static_bearer`; only `mcp_oauth` can be validated.":        {ID: "x", Auth: wire.CredentialAuth{StaticBearer: &wire.StaticBearer{}}},
		"Credential `x` is of type `environment_variable`; only `mcp_oauth` can be validated.": {ID: "x", ArchivedAt: &archived, Auth: wire.CredentialAuth{EnvironmentVariable: &wire.EnvironmentVariable{}}},
	} {
		err := CheckValidation(c)
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want || fault.KindOf(err) != fault.Invalid) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestServer(t *testing.T) {
	for want, a := range map[string]wire.CredentialAuth{
		"https://a.example": {MCPOAuth: &wire.MCPOAuth{MCPServerURL: "https://a.example"}},
		"https://b.example": {StaticBearer: &wire.StaticBearer{MCPServerURL: "https://b.example"}},
		"":                  {EnvironmentVariable: &wire.EnvironmentVariable{SecretName: "A"}},
	} {
		if got, ok := Server(a); got != want || ok != (want != "") {
			t.Errorf("got %q, %v", got, ok)
		}
	}
}
