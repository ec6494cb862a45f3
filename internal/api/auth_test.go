package api_test

import (
	"testing"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
)

func TestCredentials(t *testing.T) {
	s := apitest.Start(t)
	const none, bad, both = "no API key", "invalid API key", "invalid x-api-key, which decides over the other credential in Authorization: set only one of"
	for _, c := range []struct {
		name    string
		headers []string
		want    string // begin of the refusal, "" for none
	}{
		{"x-api-key", []string{"x-api-key: test-key"}, ""},
		{"another key", []string{"x-api-key: other-key"}, ""},
		{"bearer", []string{"x-api-key:", "Authorization: Bearer test-key"}, ""},
		{"scheme in other letters", []string{"x-api-key:", "Authorization: bEARER   test-key  "}, ""},
		{"both, the same", []string{"x-api-key: test-key", "Authorization: Bearer test-key"}, ""},
		{"both, x-api-key decides", []string{"x-api-key: test-key", "Authorization: Bearer wrong"}, ""},
		{"both, x-api-key decides against", []string{"x-api-key: wrong", "Authorization: Bearer test-key"}, both},
		{"both, both wrong", []string{"x-api-key: wrong", "Authorization: Bearer wrong"}, bad},
		{"old version with bearer", []string{"x-api-key:", "Authorization: Bearer test-key", "anthropic-version: 2023-06-01"}, ""},
		{"none", []string{"x-api-key:"}, none},
		{"blank key, then bearer", []string{"x-api-key:  ", "Authorization: Bearer test-key"}, ""},
		{"empty bearer", []string{"x-api-key:", "Authorization: Bearer "}, none},
		{"scheme only", []string{"x-api-key:", "Authorization: Bearer"}, none},
		{"no scheme", []string{"x-api-key:", "Authorization: test-key"}, none},
		{"other scheme", []string{"x-api-key:", "Authorization: Basic test-key"}, none},
		{"wrong", []string{"x-api-key: test-kez"}, bad},
		{"begin of a key", []string{"x-api-key: test-ke"}, bad},
		{"more than a key", []string{"x-api-key: test-key1"}, bad},
		{"wrong bearer", []string{"x-api-key:", "Authorization: Bearer x"}, bad},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.Call("GET", "/v1/agents", "", c.headers...)
			if c.want == "" {
				if a.Status != 200 {
					t.Errorf("%d: %s", a.Status, a.Body)
				}
				return
			}
			a.Refused(t, 401, "authentication_error", c.want)
			if a.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
	s.Call("GET", "/v1/models", "", "x-api-key:").Refused(t, 401, "authentication_error", none)
	s.Call("POST", "/v1/agents", `{`, "x-api-key:").Refused(t, 401, "authentication_error", none)
}

func TestHealthIsOpen(t *testing.T) {
	s := apitest.Start(t)
	a := s.Call("GET", "/healthz", "", "x-api-key:", "anthropic-version: nonsense", "anthropic-beta:")
	if a.Status != 200 || a.Body != `{"status":"ok"}` || a.Header.Get("request-id") == "" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v %s", a.Status, a.Header, a.Body)
	}
}

func TestEmptyKeysOpenNothing(t *testing.T) {
	keys := api.StaticKeys("", "k")
	for token, want := range map[string]bool{"": false, "k": true, "K": false} {
		if _, ok := keys.Lookup(token); ok != want {
			t.Errorf("%q: %v", token, ok)
		}
	}
	if _, ok := api.StaticKeys().Lookup(""); ok {
		t.Error("no keys, and yet one fits")
	}
}

// otherKind knows one token of a kind that no endpoint takes yet.
type otherKind struct{}

func (otherKind) Lookup(token string) (api.Principal, bool) {
	return api.Principal{Kind: "environment_key"}, token == "worker"
}

func TestOtherKindsOfCredentialOpenNothing(t *testing.T) {
	s := apitest.Start(t, func(d *api.Deps) { d.Keys = otherKind{} })
	for _, header := range []string{"x-api-key: worker", "Authorization: Bearer worker"} {
		s.Call("GET", "/v1/agents", "", "x-api-key:", header).Refused(t, 403, "permission_error", "this kind of credential")
	}
}
