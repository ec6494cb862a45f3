package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/dial"
)

const secret = "tok-5ecr3t"

// demand makes the server want one of these tokens.
func (r *remote) demand(status int, good ...string) {
	r.intercept(func(w http.ResponseWriter, req *http.Request) {
		if got := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "); !slices.Contains(good, got) {
			w.WriteHeader(status)
			fmt.Fprintf(w, "no, not %s", got)
		}
	})
}

func TestAuthentication(t *testing.T) {
	for name, tt := range map[string]struct {
		tokens []string
		err    error
		status int
		good   string
		want   string // in the failure; "" if there is none
	}{
		"right token":            {[]string{secret}, nil, 401, secret, ""},
		"refreshed token":        {[]string{"old", secret}, nil, 401, secret, ""},
		"no credential":          {nil, nil, 401, secret, "wants a credential, and no vault of the session has one for its URL (401 Unauthorized)."},
		"wrong token":            {[]string{secret}, nil, 401, "other", "refused the credential of the session's vault (401 Unauthorized)."},
		"refreshed in vain":      {[]string{"old", secret}, nil, 401, "other", "refused the credential of the session's vault (401 Unauthorized)."},
		"forbidden":              {[]string{secret}, nil, 403, "other", "refused the credential of the session's vault (403 Forbidden)."},
		"grant gone":             {[]string{secret}, fmt.Errorf("x: %w", ErrReauthorize), 401, "other", "grant is gone"},
		"the vault can't be had": {[]string{secret}, errors.New("disk full at " + secret), 401, "other", "its credential can't be had"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, "streamable")
			r.demand(tt.status, tt.good)
			p := newPool(t, func(c *Config) { c.Tokens = &vaults{tokens: tt.tokens, err: tt.err} })
			l := discover(t, p, r.one())
			if tt.want == "" {
				if l.Err != nil || len(l.Tools) != 1 {
					t.Fatalf("%v, tools %v", l.Err, l.Tools)
				}
				if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError {
					t.Error(text)
				}
				return
			}
			if l.Err == nil || !strings.Contains(l.Err.Message, tt.want) || strings.Contains(l.Err.Message, secret) {
				t.Fatalf("failure %v", l.Err)
			}
			if auth := !strings.Contains(tt.want, "can't be had"); l.Err.Auth != auth {
				t.Errorf("a matter of credentials: %v", l.Err.Auth)
			}
			_, err := p.Call(t.Context(), "sesn_1", r.one()[0], "echo", nil)
			var f *Failure
			if !errors.As(err, &f) || f.Unsure || !strings.Contains(f.Message, tt.want) {
				t.Errorf("call: %v", err)
			}
		})
	}
}

// A token that expires between two calls is replaced, and the call is made
// once.
func TestTokenExpiresBetweenCalls(t *testing.T) {
	r := newRemote(t, "streamable")
	r.demand(401, "old")
	p := newPool(t, func(c *Config) { c.Tokens = &vaults{tokens: []string{"old", secret}} })
	tools(t, p, r.one())
	r.demand(401, secret)
	if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError || !strings.Contains(text, "echo") {
		t.Errorf("%s", text)
	}
}

// The token stays with the server's own origin.
func TestTokenStaysAtItsOrigin(t *testing.T) {
	var stolen atomic.Pointer[string]
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if a := req.Header.Get("Authorization"); a != "" {
			stolen.Store(&a)
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(thief.Close)
	t.Run("redirect", func(t *testing.T) {
		r := newRemote(t, "streamable")
		r.intercept(func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, thief.URL, http.StatusTemporaryRedirect)
		})
		p := newPool(t, func(c *Config) { c.Tokens = &vaults{tokens: []string{secret}} })
		if l := discover(t, p, r.one()); l.Err == nil || !strings.Contains(l.Err.Message, "418") {
			t.Errorf("failure %v", l.Err)
		}
	})
	t.Run("endpoint of the older transport", func(t *testing.T) {
		r := newRemote(t, "sse")
		r.intercept(func(w http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodGet {
				w.Header().Set("Content-Type", "text/event-stream")
				w.WriteHeader(http.StatusOK)
				fmt.Fprintf(w, "event: endpoint\ndata: %s/messages\n\n", thief.URL)
				w.(http.Flusher).Flush()
				<-req.Context().Done()
			}
		})
		p := newPool(t, func(c *Config) { c.Tokens = &vaults{tokens: []string{secret}} })
		if l := discover(t, p, r.one()); l.Err == nil || !strings.Contains(l.Err.Message, errOtherOrigin.Error()) {
			t.Errorf("failure %v", l.Err)
		}
	})
	if s := stolen.Load(); s != nil {
		t.Errorf("another origin got %s", *s)
	}
}

func TestConnectionFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"busy":      {status(503), "answered 503 Service Unavailable."},
		"not there": {status(404), "answered 404 Not Found."},
		"a page": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200)
			fmt.Fprint(w, "<html>")
		}, "does not speak the protocol"},
		"circle": {func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, req.URL.Path, http.StatusTemporaryRedirect)
		}, "redirects without end"},
		"error": {func(w http.ResponseWriter, req *http.Request) {
			body, _ := peek(req)
			var m struct{ ID int }
			if err := json.Unmarshal(body, &m); err != nil {
				panic(err)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(200)
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%d,"error":{"code":-32603,"message":"%s %s"}}`, m.ID, secret, strings.Repeat("long ", 1000))
		}, "answered with an error: [redacted] long long"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, "streamable")
			r.intercept(tt.answer)
			p := newPool(t, func(c *Config) {
				c.Tokens = &vaults{tokens: []string{secret}}
				c.ConnectTimeout = time.Second
			})
			l := discover(t, p, r.one())
			if l.Err == nil || l.Err.Auth || !strings.Contains(l.Err.Message, tt.want) {
				t.Fatalf("failure %v", l.Err)
			}
			if len(l.Err.Message) > 700 || strings.Contains(l.Err.Message, secret) || strings.Contains(l.Err.Message, "127.0.0.1") {
				t.Errorf("failure of %d bytes: %v", len(l.Err.Message), l.Err)
			}
			r.intercept(nil) // it is tried again
			if got := tools(t, p, r.one()); len(got) != 1 {
				t.Errorf("tools %v", got)
			}
		})
	}
}

func status(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
}

func TestUnreachable(t *testing.T) {
	r := newRemote(t, "streamable")
	r.Close()
	var servers []Server
	for i, url := range []string{r.URL, "http://127.0.0.1:1/mcp", "http://[::1", "https://" + strings.TrimPrefix(r.URL, "http://")} {
		servers = append(servers, Server{Name: fmt.Sprint("s", i), URL: url})
	}
	for i, l := range newPool(t).Discover(t.Context(), "sesn_1", servers) {
		if l.Err == nil || l.Server != servers[i].Name || strings.Contains(l.Err.Message, "127.0.0.1") {
			t.Errorf("%s: %v", servers[i].URL, l.Err)
		}
	}
}

// The private side is refused where the operator hasn't opened it.
func TestGuardedTransport(t *testing.T) {
	r := newRemote(t, "streamable")
	transport := (&dial.Dialer{}).Transport()
	t.Cleanup(transport.CloseIdleConnections)
	p := newPool(t, func(c *Config) { c.Transport = transport })
	if l := discover(t, p, r.one()); l.Err == nil || !strings.Contains(l.Err.Message, "loopback") {
		t.Errorf("failure %v", l.Err)
	}
}

// A server that is open to us leads nowhere that isn't, with a redirect of any
// kind, before and during a session.
func TestRedirectsToThePrivateSide(t *testing.T) {
	allow, err := dial.ParseAllow("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"initialize", "tools/call"} {
			t.Run(fmt.Sprint(code, " ", method), func(t *testing.T) {
				transport := (&dial.Dialer{Allow: allow}).Transport()
				t.Cleanup(transport.CloseIdleConnections)
				r := newRemote(t, "streamable")
				private := strings.Replace(r.URL, "127.0.0.1", "127.0.0.2", 1)
				r.intercept(func(w http.ResponseWriter, req *http.Request) {
					switch m := methodOf(req); {
					case m == "server/discover":
						w.WriteHeader(http.StatusBadRequest)
					case m == method:
						http.Redirect(w, req, private, code)
					case req.Host != strings.TrimPrefix(r.URL, "http://"):
						t.Errorf("%s came over %s", m, req.Host)
					}
				})
				p := newPool(t, func(c *Config) { c.Transport = transport })
				res, err := p.Call(t.Context(), "sesn_1", r.one()[0], "echo", nil)
				if err == nil && !res.IsError {
					t.Errorf("got %s, %v", res.Content, err)
				}
			})
		}
	}
}

// Slow servers cost the connect timeout once, not once each.
func TestSlowServers(t *testing.T) {
	var servers []Server
	end := make(chan struct{})
	for i := range 3 {
		r := newRemote(t, "streamable")
		if i > 0 {
			r.intercept(func(http.ResponseWriter, *http.Request) { <-end })
		}
		servers = append(servers, Server{Name: fmt.Sprint("s", i), URL: r.URL})
	}
	t.Cleanup(func() { close(end) })
	p := newPool(t, func(c *Config) { c.ConnectTimeout = time.Second })
	begin := time.Now()
	out := p.Discover(t.Context(), "sesn_1", servers)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if out[0].Err != nil || len(out[0].Tools) != 1 {
		t.Errorf("the quick one: %v", out[0].Err)
	}
	begin = time.Now()
	if l := p.Discover(t.Context(), "sesn_1", servers[1:])[0]; l.Err == nil || time.Since(begin) > 900*time.Millisecond {
		t.Errorf("a slow one again, after %s: %v", time.Since(begin), l.Err)
	}
	for _, l := range out[1:] {
		if l.Err == nil || !strings.Contains(l.Err.Message, "in time") {
			t.Errorf("a slow one: %v", l.Err)
		}
	}
}

func TestDiscoveryIsCancelled(t *testing.T) {
	r := newRemote(t, "streamable")
	came, end := make(chan struct{}, 10), make(chan struct{})
	t.Cleanup(func() { close(end) })
	r.intercept(func(http.ResponseWriter, *http.Request) { came <- struct{}{}; <-end })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-came; cancel() }()
	if l := newPool(t).Discover(ctx, "sesn_1", r.one())[0]; l.Err == nil {
		t.Error("no failure")
	}
}

// A server that withholds the answer to the request for notifications, or
// fails it, is used all the same.
func TestNoStreamOfNotifications(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"fails": status(500), "hangs": nil} {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, "streamable")
			end := make(chan struct{})
			t.Cleanup(func() { close(end) })
			r.intercept(func(w http.ResponseWriter, req *http.Request) {
				switch {
				case methodOf(req) == "server/discover": // an older server
					w.WriteHeader(http.StatusBadRequest)
				case req.Method == http.MethodGet && answer == nil:
					<-end
				case req.Method == http.MethodGet:
					answer(w, req)
				}
			})
			p := newPool(t)
			if got := tools(t, p, r.one()); len(got) != 1 {
				t.Errorf("tools %v", got)
			}
			if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError {
				t.Error(text)
			}
		})
	}
}
