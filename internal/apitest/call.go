package apitest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Answer is an answer of the server.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Call makes a request as a plain HTTP client with a key and the
// managed-agents beta does. Each of headers is "Name: value"; one of the
// request's own names replaces it, and an empty value takes it away.
func (s *Server) Call(method, path, body string, headers ...string) Answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("x-api-key", Key)
	req.Header.Set("anthropic-version", "2026-10-21")
	req.Header.Set("anthropic-beta", "managed-agents-2026-04-01")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	given := http.Header{}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		req.Header.Del(name)
		if value = strings.TrimSpace(value); value != "" {
			given.Add(name, value)
		}
	}
	for name, values := range given {
		req.Header[name] = values
	}
	res, err := s.HTTP.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return Answer{Status: res.StatusCode, Header: res.Header, Body: string(b)}
}

// Refused asserts that the answer is an error of this status whose message
// begins with message.
func (a Answer) Refused(t testing.TB, status int, typ, message string) {
	t.Helper()
	e := a.Error(t)
	if a.Status != status || e.Type != typ || !strings.HasPrefix(e.Message, message) {
		t.Errorf("got %d %s %q\nwant %d %s %q…", a.Status, e.Type, e.Message, status, typ, message)
	}
}

// ErrorInfo is the error of an answer.
type ErrorInfo struct {
	Type    string         `json:"type"`
	Message string         `json:"message"`
	Details map[string]any `json:"details"`
}

// Error is the answer's error; the test fails if it has none.
func (a Answer) Error(t testing.TB) ErrorInfo {
	t.Helper()
	var body struct {
		Type      string    `json:"type"`
		Error     ErrorInfo `json:"error"`
		RequestID string    `json:"request_id"`
	}
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil || body.Type != "error" {
		t.Errorf("%d, no error envelope: %s", a.Status, a.Body)
	}
	if id := a.Header.Get("request-id"); id == "" || id != body.RequestID {
		t.Errorf("request-id %q in the header, %q in the body", id, body.RequestID)
	}
	return body.Error
}

// JSON decodes the body of an answer of status 200.
func JSON[T any](t testing.TB, a Answer) (v T) {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("status %d: %s", a.Status, a.Body)
	}
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	return v
}
