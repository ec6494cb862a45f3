// Package oauthtest is an authorization server for tests that behaves as the
// strict ones do, and an MCP server that takes its tokens. Refresh tokens are
// good for one use; a second use revokes all tokens of the grant.
//
// Both count what they are asked, can be held up, and can be told to answer
// otherwise. The package imports nothing of the program.
package oauthtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// Client is the client that an authorization server knows.
const (
	ClientID     = "client:1 ä"
	ClientSecret = "s%cret/+ ü"
)

// Request is a request that a token endpoint has had.
type Request struct {
	Header http.Header
	Form   url.Values
}

// Server is an authorization server. Its fields are set before it is used.
type Server struct {
	URL      string                                  // of the token endpoint
	Auth     string                                  // none (""), client_secret_basic or client_secret_post
	Lifetime time.Duration                           // of access tokens; 0 is an hour
	Answer   map[string]any                          // replaces members of an answer; nil values take them away
	Fail     func(w http.ResponseWriter, n int) bool // may answer the n-th request, from 1, in its place
	Hold     func(n int)                             // is called with the tokens of an answer issued, before it is sent
	Now      func() time.Time                        // nil is time.Now

	mu       sync.Mutex
	serial   int
	grants   map[string]*grantOf // by token, of either kind
	requests []Request
}

// grantOf is what a user once allowed.
type grantOf struct {
	access    string
	expires   time.Time
	refresh   string
	revoked   bool
	refreshes int
}

// Start starts s, which may be nil, until the test ends.
func Start(t testing.TB, s *Server) *Server {
	t.Helper()
	if s == nil {
		s = &Server{}
	}
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	s.URL = front.URL + "/token"
	return s
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// Refreshes is how often the grant of a token was refreshed.
func (s *Server) Refreshes(token string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.grants[token]; g != nil {
		return g.refreshes
	}
	return 0
}

// Grant makes a grant and is its first tokens.
func (s *Server) Grant() (access, refresh string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &grantOf{}
	s.issue(g)
	return g.access, g.refresh
}

// issue gives a grant new tokens. The old refresh token is remembered, so that
// its second use is noticed; the old access token is good no more.
func (s *Server) issue(g *grantOf) {
	if s.grants == nil {
		s.grants = map[string]*grantOf{}
	}
	s.serial++
	g.access, g.refresh = fmt.Sprintf("access/%d+%s", s.serial, pad), fmt.Sprintf("refresh/%d+%s", s.serial, pad)
	life := s.Lifetime
	if life == 0 {
		life = time.Hour
	}
	g.expires = s.now().Add(life)
	s.grants[g.access], s.grants[g.refresh] = g, g
}

// pad makes tokens as long as real ones, with what needs escaping in them.
const pad = "QUJDREVGR0hJSktMTU5PUA=="

// Expire ends the life of access tokens: of the grants of these tokens, or of
// all.
func (s *Server) Expire(tokens ...string) {
	s.each(tokens, func(g *grantOf) { g.expires = time.Time{} })
}

// Revoke takes grants back: those of these tokens, or all.
func (s *Server) Revoke(tokens ...string) { s.each(tokens, func(g *grantOf) { g.revoked = true }) }

func (s *Server) each(tokens []string, do func(*grantOf)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, g := range s.grants {
		if len(tokens) == 0 || slices.Contains(tokens, token) {
			do(g)
		}
	}
}

// Valid says whether an access token is good now.
func (s *Server) Valid(access string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.grants[access]
	return g != nil && !g.revoked && g.access == access && s.now().Before(g.expires)
}

// Requests is the requests so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// ServeHTTP is the token endpoint.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost || r.URL.RawQuery != "" {
		refuse(w, http.StatusBadRequest, "invalid_request", "not a form")
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, Request{r.Header.Clone(), r.PostForm})
	n := len(s.requests)
	s.mu.Unlock()
	if s.Fail != nil && s.Fail(w, n) {
		return
	}
	answer := s.exchange(w, r)
	if answer == nil {
		return
	}
	if s.Hold != nil {
		s.Hold(n)
	}
	for name, value := range s.Answer {
		answer[name] = value
		if value == nil {
			delete(answer, name)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // nobody to tell if the client is gone
}

// exchange uses a refresh token up. It answers itself if it refuses.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := r.PostForm.Get("refresh_token")
	g := s.grants[token]
	switch {
	case !s.knows(r):
		refuse(w, http.StatusUnauthorized, "invalid_client", "")
	case r.PostForm.Get("grant_type") != "refresh_token":
		refuse(w, http.StatusBadRequest, "unsupported_grant_type", "")
	case g == nil || g.revoked:
		refuse(w, http.StatusBadRequest, "invalid_grant", "no such token: "+token)
	case g.refresh != token:
		g.revoked = true
		refuse(w, http.StatusBadRequest, "invalid_grant", "the token was used before; the grant is revoked")
	default:
		g.refreshes++
		s.issue(g)
		return map[string]any{"access_token": g.access, "refresh_token": g.refresh, "token_type": "Bearer", "expires_in": int(g.expires.Sub(s.now()).Seconds())}
	}
	return nil
}

// knows says whether a request is the client's, proven in the one way that is
// asked for.
func (s *Server) knows(r *http.Request) bool {
	user, password, basic := r.BasicAuth()
	form := r.PostForm
	switch s.Auth {
	case "client_secret_basic":
		id, err1 := url.QueryUnescape(user)
		secret, err2 := url.QueryUnescape(password)
		return err1 == nil && err2 == nil && id == ClientID && secret == ClientSecret && !form.Has("client_secret") && !form.Has("client_id")
	case "client_secret_post":
		return !basic && form.Get("client_id") == ClientID && form.Get("client_secret") == ClientSecret
	}
	return !basic && form.Get("client_id") == ClientID && !form.Has("client_secret")
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description}) // nobody to tell if the client is gone
}
