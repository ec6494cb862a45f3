package api_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
)

// buffer is a log that may be written while it is read.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestVersions(t *testing.T) {
	log := new(buffer)
	s := apitest.Start(t, func(d *api.Deps) {
		d.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	for _, c := range []struct{ header, selected, refused string }{
		{"anthropic-version: 2023-06-01", "2023-06-01", ""},
		{"anthropic-version: 2026-10-21", "2026-10-21", ""},
		{"anthropic-version:", "2023-06-01", ""},
		{"anthropic-version: 2024-02-29", "2023-06-01", ""},
		{"anthropic-version: 2027-01-01", "2026-10-21", ""},
		{"anthropic-version: 2023-05-31", "", "the header `anthropic-version` is `2023-05-31`, the oldest version is `2023-06-01`"},
		{"anthropic-version: abc", "", "the header `anthropic-version` is `abc`, expected a date"},
		{"anthropic-version: 2026-02-30", "", "the header `anthropic-version` is `2026-02-30`, expected a date"},
		{"anthropic-version: 2026-10-21T00:00:00Z", "", "the header `anthropic-version` is `2026-10-21T00:00:00Z`, expected a date"},
	} {
		a := s.Call("GET", "/v1/agents", "", c.header)
		if c.refused != "" {
			a.Refused(t, 400, "invalid_request_error", c.refused)
			continue
		}
		if a.Status != 200 {
			t.Errorf("%s: %d", c.header, a.Status)
		}
		want := fmt.Sprintf("id=%s method=GET path=/v1/agents status=200 version=%s ", a.Header.Get("request-id"), c.selected)
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s: not in the log: %s", c.header, want)
		}
	}
	s.Call("GET", "/v1/agents", "", "anthropic-version: 2023-06-01", "anthropic-version: 2026-10-21").
		Refused(t, 400, "invalid_request_error", "the header `anthropic-version` has two values, `2023-06-01` and `2026-10-21`")
	if a := s.Call("GET", "/v1/agents", "", "anthropic-version: 2026-10-21", "anthropic-version: 2026-10-21"); a.Status != 200 {
		t.Errorf("one version twice: %d", a.Status)
	}
}

func TestBetas(t *testing.T) {
	s := apitest.Start(t)
	const want = "no endpoint at /v1/agents without the header `anthropic-beta: managed-agents-2026-04-01`"
	for _, c := range []struct {
		headers []string
		found   bool
	}{
		{[]string{"anthropic-beta: managed-agents-2026-04-01"}, true},
		{[]string{"anthropic-beta: a,managed-agents-2026-04-01,b"}, true},
		{[]string{"anthropic-beta: a , managed-agents-2026-04-01 "}, true},
		{[]string{"anthropic-beta: a", "anthropic-beta: managed-agents-2026-04-01"}, true},
		{[]string{"anthropic-beta:"}, false},
		{[]string{"anthropic-beta: managed-agents-2026-04-02"}, false},
		{[]string{"anthropic-beta: xmanaged-agents-2026-04-01"}, false},
		{[]string{"anthropic-beta: managed-agents-2026-04-01;q=1"}, false},
	} {
		for _, query := range []string{"", "?beta=true"} { // which selects nothing
			a := s.Call("GET", "/v1/agents"+query, "", c.headers...)
			if c.found {
				if a.Status != 200 {
					t.Errorf("%v: %d", c.headers, a.Status)
				}
				continue
			}
			a.Refused(t, 404, "not_found_error", want)
		}
	}
}

func TestOtherHeadersAreTolerated(t *testing.T) {
	s := apitest.Start(t)
	a := s.Call("GET", "/v1/agents", "", "Accept: text/event-stream", "anthropic-workspace-id: wrkspc_1", "X-Stainless-Lang: go",
		"Idempotency-Key: k", "Origin: https://example.com", "Content-Type: text/plain")
	if a.Status != 200 {
		t.Errorf("%d: %s", a.Status, a.Body)
	}
}

// The log tells who asked for what, and nothing that opens a door.
func TestLogHoldsNoSecrets(t *testing.T) {
	log := new(buffer)
	s := apitest.Start(t, func(d *api.Deps) {
		d.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	s.Call("POST", "/v1/agents?q=in-the-query", `{"name":"in-the-body","model":"claude-opus-5-5"}`, "Authorization: Bearer test-key")
	s.Call("POST", "/v1/agents?q=in-the-query", `{"name":"in-the-body"`, "x-api-key: wrong-key", "Authorization: Bearer other-secret")
	if !strings.Contains(log.String(), "status=200") || !strings.Contains(log.String(), "status=401") {
		t.Errorf("requests are missing: %s", log)
	}
	for _, secret := range []string{"test-key", "wrong-key", "other-secret", "in-the-body", "in-the-query"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %s:\n%s", secret, log)
		}
	}
}
