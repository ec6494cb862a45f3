package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/store"
)

func TestUnknownPathsAndMethods(t *testing.T) {
	s := apitest.Start(t)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", 404, ""},
		{"GET", "/v1", 404, ""},
		{"GET", "/v1/nothing", 404, ""},
		{"GET", "/v1/agents/", 404, ""},
		{"GET", "/v1/agents/x/y", 404, ""},
		{"GET", "//v1/agents", 404, ""},
		{"GET", "/v1//agents", 404, ""},
		{"GET", "/v1/x/../agents", 404, ""},
		{"GET", "/V1/agents", 404, ""},
		{"POST", "/healthz", 404, ""},
		{"PUT", "/v1/agents", 405, "POST, GET"},
		{"PATCH", "/v1/agents/" + agent1, 405, "GET, POST"},
		{"DELETE", "/v1/agents/" + agent1, 405, "GET, POST"},
		{"GET", "/v1/agents/" + agent1 + "/archive", 405, "POST"},
		{"OPTIONS", "/v1/models", 405, "GET"},
		{"PUT", "/v1/environments/" + env1, 405, "GET, POST, DELETE"},
	} {
		a := s.Call(c.method, c.path, "")
		typ, message := "not_found_error", "no endpoint at"
		if c.status == 405 {
			typ, message = "invalid_request_error", c.method+" is not allowed here"
		}
		a.Refused(t, c.status, typ, message)
		if got := a.Header.Get("Allow"); got != c.allow {
			t.Errorf("%s %s: Allow %q, want %q", c.method, c.path, got, c.allow)
		}
	}
	res := send(t, s, "HEAD"+strings.TrimPrefix(head, "POST")+"\r\n")
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: %d %v", res.StatusCode, res.Header)
	}
}

func TestEveryAnswerHasItsOwnRequestID(t *testing.T) {
	s := apitest.Start(t)
	seen := map[string]bool{}
	for _, path := range []string{"/v1/agents", "/v1/agents", "/v1/nothing", "/v1/agents/none", "/healthz", "/v1/models"} {
		a := s.Call("GET", path, "")
		id := a.Header.Get("request-id")
		if !strings.HasPrefix(id, "req_") || seen[id] || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: request-id %q, content type %q", path, id, a.Header.Get("Content-Type"))
		}
		seen[id] = true
	}
}

// brokenDB fails every transaction with err.
type brokenDB struct {
	store.DB
	err func() error
}

func (b brokenDB) View(context.Context, func(store.Tx) error) error { return b.err() }

type brokenModels struct{ fewModels }

func (brokenModels) List() []model.Info { panic("at the disco") }

// What is no refusal is the server's fault: told whole to the log, and not at
// all to the caller.
func TestInternalErrors(t *testing.T) {
	log := new(buffer)
	s := apitest.Start(t, func(d *api.Deps) {
		d.Log = slog.New(slog.NewTextHandler(log, nil))
		d.DB = brokenDB{d.DB, func() error { return errors.New("disk on fire at sector 7") }}
		d.Models = brokenModels{}
	})
	for path, cause := range map[string]string{"/v1/agents": "disk on fire at sector 7", "/v1/models": "panic: at the disco"} {
		a := s.Call("GET", path, "")
		a.Refused(t, 500, "api_error", "internal server error")
		if strings.Contains(a.Body, "disk") || strings.Contains(a.Body, "disco") {
			t.Errorf("the cause got out: %s", a.Body)
		}
		if !strings.Contains(log.String(), cause) || !strings.Contains(log.String(), a.Header.Get("request-id")) {
			t.Errorf("not in the log: %s", cause)
		}
	}
	if !strings.Contains(log.String(), "routes_test.go") {
		t.Error("no stack of the panic in the log")
	}
}

// A client that leaves is no error of the server.
func TestClientsMayLeave(t *testing.T) {
	log := new(buffer)
	ctx, leave := context.WithCancel(t.Context())
	s := apitest.Start(t, func(d *api.Deps) {
		d.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		d.DB = leavingDB{d.DB, leave}
	})
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/v1/agents", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", apitest.Key)
	req.Header.Set("anthropic-beta", "managed-agents-2026-04-01")
	if res, err := s.HTTP.Do(req); err == nil {
		res.Body.Close()
		t.Fatal("an answer")
	}
	for !strings.Contains(log.String(), "status=499") {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
		s.Call("GET", "/healthz", "") // gives the server time
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Error(log)
	}
}

// leavingDB makes the client leave in the middle of a read.
type leavingDB struct {
	store.DB
	leave func()
}

func (l leavingDB) View(ctx context.Context, _ func(store.Tx) error) error {
	l.leave()
	<-ctx.Done()
	return ctx.Err()
}

func TestMessagesAreBounded(t *testing.T) {
	s := apitest.Start(t)
	name := strings.Repeat("é", 1<<20)
	a := s.Call("POST", "/v1/agents", `{"name":"a","model":"m","tools":[{"type":"`+name+`"}]}`)
	a.Refused(t, 400, "invalid_request_error", "tools[0].type: `ééé")
	if len(a.Body) > 5000 {
		t.Errorf("%d bytes", len(a.Body))
	}
}

// Every endpoint is asked for its credential and its beta.
func TestEveryEndpointIsGuarded(t *testing.T) {
	s := apitest.Start(t)
	id := regexp.MustCompile(`\{[a-z_]+\}`)
	for _, pattern := range api.Patterns(s.Deps) {
		method, path, _ := strings.Cut(id.ReplaceAllString(pattern, "x_1"), " ")
		s.Call(method, path, "", "x-api-key:").Refused(t, 401, "authentication_error", "no API key")
	}
}
