package oauth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/oauth/oauthtest"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// The double takes each method in its one right form only.
func TestRequests(t *testing.T) {
	scope, resource := "read write", "https://mcp.example/mcp"
	for _, method := range []string{wire.TypeNone, wire.TypeClientSecretBasic, wire.TypeClientSecretPost} {
		r := newRig(t, time.Hour, &oauthtest.Server{Auth: method})
		r.save(func(a *wire.MCPOAuth) { a.Refresh.Scope, a.Refresh.Resource = &scope, &resource }, nil)
		if got := r.token(r.node(), r.access); !r.server.Valid(got) {
			t.Errorf("%s: got %s", method, got)
			continue
		}
		req := r.server.Requests()[0]
		for name, want := range map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"} {
			if got := req.Header.Get(name); got != want {
				t.Errorf("%s: %s: %s", method, name, got)
			}
		}
		want := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r.refresh}, "scope": {scope}, "resource": {resource}}
		if method != wire.TypeClientSecretBasic {
			want.Set("client_id", oauthtest.ClientID)
		}
		if method == wire.TypeClientSecretPost {
			want.Set("client_secret", oauthtest.ClientSecret)
		}
		if got := req.Form.Encode(); got != want.Encode() {
			t.Errorf("%s: %s", method, got)
		}
	}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer  map[string]any
		expires string
		rotated bool
	}{
		"plain":             {nil, "1h0m0s", true},
		"not rotated":       {map[string]any{"refresh_token": nil}, "1h0m0s", false},
		"null":              {map[string]any{"refresh_token": (*int)(nil), "expires_in": (*int)(nil), "error": (*int)(nil)}, "never", false},
		"no expiry":         {map[string]any{"expires_in": nil}, "never", true},
		"expiry as a text":  {map[string]any{"expires_in": "120"}, "2m0s", true},
		"with a fraction":   {map[string]any{"expires_in": 90.7}, "1m30s", true},
		"expired":           {map[string]any{"expires_in": 0}, "never", true},
		"negative":          {map[string]any{"expires_in": -5}, "never", true},
		"not a number":      {map[string]any{"expires_in": "soon"}, "never", true},
		"NaN":               {map[string]any{"expires_in": "NaN"}, "never", true},
		"for ever":          {map[string]any{"expires_in": 1e30}, "87600h0m0s", true},
		"an object":         {map[string]any{"expires_in": map[string]int{"a": 1}}, "never", true},
		"other members too": {map[string]any{"scope": "x", "id_token": strings.Repeat("x", 100_000), "token_type": "bearer"}, "1h0m0s", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Hour, &oauthtest.Server{Answer: c.answer})
			if got := r.token(r.node(), r.access); !r.server.Valid(got) {
				t.Errorf("got %s", got)
			}
			_, secrets := r.stored()
			if got := r.expiresIn(); got != c.expires || secrets[vault.RefreshToken] != r.refresh != c.rotated {
				t.Errorf("expires in %s, refresh token %s", got, secrets[vault.RefreshToken])
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	const json = "application/json"
	for name, c := range map[string]struct {
		status    int
		kind      string
		body      string
		permanent bool
	}{
		"invalid_grant":           {400, json, `{"error":"invalid_grant"}`, true},
		"a refusal without JSON":  {403, "text/html", `<h1>no</h1>`, true},
		"not found":               {404, "", ``, true},
		"too many":                {429, json, `{"error":"invalid_grant"}`, false},
		"too slow":                {408, "", ``, false},
		"too early":               {425, "", ``, false},
		"temporarily unavailable": {400, json, `{"error":"temporarily_unavailable"}`, false},
		"broken":                  {500, json, `{"error":"invalid_grant"}`, false},
		"away":                    {503, "", ``, false},
		"redirect":                {307, "", ``, false},
		"success with an error":   {200, json, `{"error":"bad_refresh_token","access_token":"x"}`, true},
		"success that isn't":      {200, json, `{"error":"server_error"}`, false},
		"no token":                {200, json, `{}`, false},
		"empty token":             {200, json, `{"access_token":""}`, false},
		"null token":              {200, json, `{"access_token":null}`, false},
		"unsendable token":        {200, json, `{"access_token":"a\nb"}`, false},
		"unsendable refresh":      {200, json, `{"access_token":"a","refresh_token":"é"}`, false},
		"a number":                {200, json, `{"access_token":5}`, false},
		"no JSON":                 {200, "text/html", `<html>`, false},
		"a form":                  {200, "application/x-www-form-urlencoded", `access_token=a`, false},
		"no content":              {204, "", ``, false},
		"endless":                 {200, json, `{"access_token":"a","x":"` + strings.Repeat("x", maxAnswer) + `"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Hour, &oauthtest.Server{Fail: func(w http.ResponseWriter, n int) bool {
				w.Header().Set("Content-Type", c.kind)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				w.Write([]byte(c.body)) // too much for a client that hangs up
				return true
			}})
			g := grant{OAuthRefresh: wire.OAuthRefresh{TokenEndpoint: r.server.URL, ClientID: "c", TokenEndpointAuth: wire.TokenEndpointAuth{Type: "none"}}, refreshToken: "secret"}
			got, f := r.node().exchange(t.Context(), g, newScrubber("secret"))
			if f == nil {
				t.Fatalf("got %+v", got)
			}
			if f.Permanent != c.permanent || f.Response == nil || f.Response.StatusCode != c.status || f.Response.ContentType != c.kind || f.pause != 0 {
				t.Errorf("got %+v, %+v", f, f.Response)
			}
			r.asked(1)
		})
	}
}

func TestUnreachable(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	guarded := (&dial.Dialer{}).Transport()
	t.Cleanup(guarded.CloseIdleConnections)
	open := httptest.NewServer(nil)
	t.Cleanup(open.Close)
	for name, c := range map[string]struct {
		url       string
		transport http.RoundTripper
		reason    string
	}{
		"closed":  {closed.URL, &http.Transport{}, "refused"},
		"private": {open.URL, guarded, "loopback"},
		"no URL":  {"http://%zz", &http.Transport{}, "escape"},
	} {
		n := newRig(t, time.Hour, nil).node(func(cfg *Config) { cfg.Transport = c.transport })
		g := grant{OAuthRefresh: wire.OAuthRefresh{TokenEndpoint: c.url}, refreshToken: "secret"}
		_, f := n.exchange(context.Background(), g, newScrubber("secret"))
		if f == nil || f.Permanent || f.Response != nil || !strings.Contains(f.Error(), c.reason) {
			t.Errorf("%s: %v", name, f)
		}
	}
}

func TestRetryAfterForms(t *testing.T) {
	now := time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)
	for h, want := range map[string]time.Duration{
		"": 0, "x": 0, "-5": 0, "0": 0, "7": 7 * time.Second, "99999999999": time.Hour, "999999999999999999999": 0, "1.5": 0,
		"Thu, 01 Oct 2026 09:00:30 GMT": 30 * time.Second, "Thu, 01 Oct 2026 08:00:00 GMT": 0, "Fri, 02 Oct 2026 08:00:00 GMT": time.Hour,
	} {
		if got := retryAfter(h, now); got != want {
			t.Errorf("%q: %v, want %v", h, got, want)
		}
	}
}
