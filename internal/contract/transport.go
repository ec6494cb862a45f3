package contract

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"
)

// Transport is an http.RoundTripper that checks every answer of the API on its
// way to the client: JSON bodies and errors whole, event streams frame by
// frame. It changes nothing. Put it under any client, or into a reverse proxy
// in front of the server to check clients of other languages.
//
// Answers in a dialect that neither description knows are let pass: those to
// requests with one of the beta headers in [oldDialects].
type Transport struct {
	Base   http.RoundTripper // nil is http.DefaultTransport
	Report func(error)       // called with what was found, from any goroutine

	bodies, events, failures atomic.Int64
}

// Counts says how many answers, stream events and refusals were checked.
func (t *Transport) Counts() (bodies, events, failures int64) {
	return t.bodies.Load(), t.events.Load(), t.failures.Load()
}

// oldDialects are beta headers that ask for shapes of before the descriptions.
var oldDialects = []string{"files-api-2025-04-14", "skills-2025-10-02", "user-profiles-2026-08-18"}

// RoundTrip makes the request with Base and checks the answer.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	res, err := base.RoundTrip(req)
	if err != nil || !strings.HasPrefix(req.URL.Path, "/v1/") || usesOldDialect(req) {
		return res, err
	}
	label := req.Method + " " + req.URL.Path
	mediaType, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
	case res.StatusCode < 300 && mediaType == "text/event-stream":
		res.Body = &stream{ReadCloser: res.Body, path: req.URL.Path, report: func(vs Violations, err error) {
			t.events.Add(1)
			t.report(label, vs, err)
		}}
	case res.StatusCode < 300 && strings.HasSuffix(req.URL.Path, "/content"):
	default:
		return t.whole(req, res, label, mediaType)
	}
	return res, nil
}

// whole reads an answer to its end, checks it and puts it back.
func (t *Transport) whole(req *http.Request, res *http.Response, label, mediaType string) (*http.Response, error) {
	body, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if mediaType != "application/json" {
		t.report(label, Violations{{Judge: "answer", Text: fmt.Sprintf("status %d with content type %q", res.StatusCode, mediaType)}}, nil)
	}
	if res.StatusCode >= 400 {
		t.failures.Add(1)
		t.report(label, Failure(res.StatusCode, res.Header, body), nil)
		return res, nil
	}
	t.bodies.Add(1)
	found, err := Response(req.Method, req.URL.Path, body)
	if res.StatusCode != http.StatusOK {
		found = append(found, Violation{Judge: "answer", Text: fmt.Sprintf("status %d, the API answers 200", res.StatusCode)})
	}
	if res.Header.Get("request-id") == "" {
		found = append(found, Violation{Judge: "answer", Text: "no request-id header"})
	}
	t.report(label, found, err)
	return res, nil
}

func (t *Transport) report(label string, found Violations, err error) {
	if err == nil {
		err = found.Err()
	}
	if err != nil {
		t.Report(fmt.Errorf("%s: %w", label, err))
	}
}

func usesOldDialect(req *http.Request) bool {
	betas := strings.Join(req.Header.Values("anthropic-beta"), ",")
	for _, d := range oldDialects {
		if strings.Contains(betas, d) {
			return true
		}
	}
	return false
}
