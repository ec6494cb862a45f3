package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/oauth/oauthtest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// verdict is a validation in one line: status, the failed step with the status
// of its answer, and the refresh with that of its.
func verdict(v wire.CredentialValidation) string {
	out := v.Status
	status := func(r *wire.HTTPResponse) string {
		if r == nil {
			return ""
		}
		return fmt.Sprint(" ", r.StatusCode)
	}
	if v.MCPProbe != nil {
		out += ", " + v.MCPProbe.Method + status(v.MCPProbe.HTTPResponse)
	}
	if v.Refresh != nil {
		out += ", refresh " + v.Refresh.Status + status(v.Refresh.HTTPResponse)
	}
	return out
}

func validate(t *testing.T, n *Refresher) wire.CredentialValidation {
	t.Helper()
	v, err := n.Validate(t.Context(), credential)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestValidateAGoodToken(t *testing.T) {
	for _, events := range []bool{false, true} {
		r := newRig(t, time.Hour, nil)
		r.mcp.Events = events
		v := validate(t, r.node())
		want := fmt.Sprintf(`{"type":"vault_credential_validation","credential_id":"vcrd_1","vault_id":"vlt_1","validated_at":%q,`+
			`"has_refresh_token":true,"status":"valid","mcp_probe":null,"refresh":null}`, wire.Micros(r.now().UnixMicro()))
		if got := string(wire.Encode(v)); got != want {
			t.Errorf("got %s", got)
		}
		if got := fmt.Sprint(r.mcp.Seen()); got != "[initialize 200 notifications/initialized 202 tools/list 200 DELETE 204]" || r.mcp.Open() != 0 {
			t.Errorf("seen %s, %d sessions are open", got, r.mcp.Open())
		}
		r.asked(0)
	}
}

func TestValidateRefreshes(t *testing.T) {
	r := newRig(t, time.Hour, nil)
	n := r.node()
	r.server.Expire()
	if got := verdict(validate(t, n)); got != "valid, refresh succeeded" {
		t.Errorf("got %s", got)
	}
	if _, secrets := r.stored(); !r.server.Valid(secrets[vault.AccessToken]) || secrets[vault.RefreshToken] == r.refresh {
		t.Errorf("stored: %v", secrets)
	}
	if got := verdict(validate(t, n)); got != "valid" {
		t.Errorf("got %s", got)
	}
	r.asked(1)
}

func answers(status int, body string) func(http.ResponseWriter, int) bool {
	return func(w http.ResponseWriter, _ int) bool {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	}
}

// The MCP server refuses the token, and this is what the token endpoint says.
func TestVerdictsOfRefreshes(t *testing.T) {
	for want, fail := range map[string]func(http.ResponseWriter, int) bool{
		"invalid, initialize 401, refresh failed 400":    answers(400, `{"error":"invalid_grant"}`),
		"invalid, initialize 401, refresh failed 401":    answers(401, ``),
		"invalid, initialize 401, refresh failed 200":    answers(200, `{"error":"bad_refresh_token"}`),
		"unknown, initialize 401, refresh failed 429":    answers(429, ``),
		"unknown, initialize 401, refresh failed 503":    answers(503, ``),
		"unknown, initialize 401, refresh failed 204":    answers(204, ``),
		"unknown, initialize 401, refresh connect_error": answers(0, ``),
	} {
		t.Run(want, func(t *testing.T) {
			r := newRig(t, time.Hour, &oauthtest.Server{Fail: fail})
			r.server.Expire()
			n := r.node()
			for i := range 2 { // the second time although it was refused, or failed a moment ago
				if got := verdict(validate(t, n)); got != want {
					t.Errorf("got %s", got)
				}
				r.asked(i + 1)
			}
		})
	}
	r := newRig(t, time.Hour, nil)
	r.save(func(a *wire.MCPOAuth) { a.Refresh = nil }, nil)
	r.server.Expire()
	v := validate(t, r.node())
	if got := verdict(v); got != "invalid, initialize 401, refresh no_refresh_token" || v.HasRefreshToken || v.Refresh.HTTPResponse != nil {
		t.Errorf("got %s, %v", got, v.HasRefreshToken)
	}
}

// What the MCP server says, whatever the token.
func TestVerdictsOfProbes(t *testing.T) {
	at := func(method string, status int, body string) func(http.ResponseWriter, string, string) bool {
		return func(w http.ResponseWriter, m, _ string) bool {
			if m != method {
				return false
			}
			if status == 0 {
				panic(http.ErrAbortHandler)
			}
			if status == 307 {
				w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
			}
			if strings.HasPrefix(body, "data:") {
				w.Header().Set("Content-Type", "text/event-stream")
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	rpc := func(code int) string {
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":2,"error":{"code":%d,"message":"no"}}`, code)
	}
	for _, c := range []struct {
		want string
		fail func(http.ResponseWriter, string, string) bool
	}{
		{"invalid, initialize 403", at("initialize", 403, "")},
		{"unknown, initialize 404", at("initialize", 404, "")},
		{"unknown, initialize 405", at("initialize", 405, "")},
		{"unknown, initialize 429", at("initialize", 429, "")},
		{"unknown, initialize 500", at("initialize", 500, "")},
		{"unknown, initialize", at("initialize", 0, "")},
		{"unknown, initialize 307", at("initialize", 307, "")}, // the token goes to no other server
		{"unknown, initialize 200", at("initialize", 200, "")},
		{"unknown, initialize 200", at("initialize", 200, "<html>")},
		{"unknown, initialize 200", at("initialize", 200, rpc(-32601))},
		{"unknown, initialize", at("initialize", 200, "data: {}\n\n")},
		{"unknown, notifications/initialized 500", at("notifications/initialized", 500, "")},
		{"invalid, tools/list 401, refresh succeeded", at("tools/list", 401, "")},
		{"unknown, tools/list 200", at("tools/list", 200, rpc(-32000))},
		{"unknown, tools/list 200", at("tools/list", 200, "data: "+rpc(-32000)+"\n\n")},
		{"valid", at("tools/list", 200, rpc(-32601))}, // a server without tools
		{"valid", at("tools/list", 200, `data: {"id":9,"method":"ping"}`+"\r\n\r\n"+`data: {"id":2,`+"\n"+`data:"result":{}}`)},
		{"valid", at("DELETE", 405, "")},
		{"valid", at("DELETE", 0, "")},
	} {
		t.Run(c.want, func(t *testing.T) {
			r := newRig(t, time.Hour, nil)
			r.mcp.Fail = c.fail
			if got := verdict(validate(t, r.node())); got != c.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// A redirect is followed where the token may go.
func TestRedirects(t *testing.T) {
	for _, c := range []struct {
		to, method string
		hops       int
		follow     bool
	}{
		{"https://a.example/elsewhere", "POST", 1, true}, {"https://a.example/mcp", "POST", 5, true},
		{"https://a.example/mcp", "POST", 6, false}, {"https://a.example/mcp", "GET", 1, false},
		{"http://a.example/mcp", "POST", 1, false}, {"https://b.example/mcp", "POST", 1, false},
		{"https://a.example:8443/mcp", "POST", 1, false}, {"https://b.a.example/mcp", "POST", 1, false},
	} {
		request := func(method, url string) *http.Request {
			req, err := http.NewRequest(method, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			return req
		}
		via := slices.Repeat([]*http.Request{request("POST", "https://a.example/mcp")}, c.hops)
		if err := sameServer(request(c.method, c.to), via); err == nil != c.follow {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Another refresh brought a token that works, or one that doesn't.
func TestValidateAfterSomebodyElse(t *testing.T) {
	for replaced, want := range map[bool]string{true: "valid, refresh succeeded", false: "invalid, initialize 401, refresh succeeded"} {
		r := newRig(t, time.Hour, nil)
		r.server.Expire()
		access, refresh := r.server.Grant()
		once := true
		r.mcp.Fail = func(_ http.ResponseWriter, method, _ string) bool {
			if method == "initialize" && once { // between the reading and the refusal
				once = false
				if !replaced {
					access = "no good either"
				}
				r.save(nil, vault.Secrets{vault.AccessToken: vault.Secret(access), vault.RefreshToken: vault.Secret(refresh)})
			}
			return false
		}
		if got := verdict(validate(t, r.node())); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		r.asked(0)
	}
}

func TestValidateErrors(t *testing.T) {
	r := newRig(t, time.Hour, nil)
	n := r.node()
	ctx, cancel := context.WithCancel(t.Context())
	r.mcp.Fail = func(http.ResponseWriter, string, string) bool {
		cancel()
		panic(http.ErrAbortHandler)
	}
	if _, err := n.Validate(ctx, credential); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that left: %v", err)
	}
	r.mcp.Fail = nil
	r.server.Expire()
	r.update(func(tx store.Tx) error {
		_, err := tx.Exec(`UPDATE credential_secrets SET sealed = 'x' WHERE name = 'refresh_token'`)
		return err
	})
	if _, err := n.Validate(t.Context(), credential); err == nil || !strings.Contains(err.Error(), "open refresh_token of credential vcrd_1") {
		t.Errorf("a damaged secret: %v", err)
	}
	if ok, err := claimable(r); !ok || err != nil {
		t.Errorf("the lease isn't given up: %v", err)
	}
	r.update(func(tx store.Tx) error { return store.ArchiveCredential(tx, credential, 1) })
	if _, err := n.Validate(t.Context(), credential); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an archived one: %v", err)
	}
}

// Nothing of what a server repeats gives a secret away.
func TestValidateHidesSecrets(t *testing.T) {
	r := newRig(t, time.Hour, &oauthtest.Server{Auth: wire.TypeClientSecretBasic})
	r.server.Fail = func(w http.ResponseWriter, n int) bool {
		w.WriteHeader(http.StatusBadRequest)
		req := r.server.Requests()[n-1]
		fmt.Fprintln(w, req.Form.Encode(), req.Form, req.Header, oauthtest.ClientSecret)
		return true
	}
	r.server.Expire()
	v := validate(t, r.node())
	shown := string(wire.Encode(v)) + r.log.String()
	for _, secret := range []string{r.access, r.refresh, oauthtest.ClientSecret, "QUJDREVGR0hJSktMTU5PUA", "s%25cret", "Basic Y2xp"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q is in %s", secret, shown)
		}
	}
	if !strings.Contains(v.MCPProbe.HTTPResponse.Body, "no good token: [redacted]") || !strings.Contains(v.Refresh.HTTPResponse.Body, "grant_type=refresh_token") {
		t.Errorf("shown: %s", shown)
	}
}
