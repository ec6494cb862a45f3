// Package apitest starts the whole API in the test's process: real HTTP on a
// free port over a real database in a temporary directory, with ids and times
// that a test can foresee. Every answer of the API that passes through its
// clients is held to the official SDKs' types and descriptions (package
// contract).
//
// It is used by tests only. There is no turn: what a session is told stays in
// its inbox.
package apitest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	v1 "github.com/anthropics/anthropic-sdk-go"
	v1option "github.com/anthropics/anthropic-sdk-go/option"
	v2 "github.com/anthropics/anthropic-sdk-go/v2"
	v2option "github.com/anthropics/anthropic-sdk-go/v2/option"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/blob/dir"
	"github.com/ostlerdev/ostler/internal/contract"
	"github.com/ostlerdev/ostler/internal/filestore"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/lifecycle"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/secret"
	"github.com/ostlerdev/ostler/internal/skillstore"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
)

// Key is an API key of every test server; OtherKey is another.
const (
	Key      = "test-key"
	OtherKey = "other-key"
)

// MaxFile is the most bytes a file may have on a test server.
const MaxFile = 1 << 20

// Server is a running server.
type Server struct {
	URL   string // without a slash at its end
	Deps  api.Deps
	Clock *Clock
	HTTP  *http.Client // checks every answer

	t testing.TB
}

// Start starts a server that is stopped with the test. change may replace
// what it is made of.
func Start(t testing.TB, change ...func(*api.Deps)) *Server {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ostler.db"))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := dir.Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := secret.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	// With a key every id is served by an upstream, which no test here calls.
	models, err := model.NewTable(model.Config{APIKey: "unused"})
	if err != nil {
		t.Fatal(err)
	}
	clock, source := NewClock(), new(IDs)
	log := journal.New(source, clock.Now)
	skills, err := skillstore.New(skillstore.Config{DB: db, Blobs: blobs, IDs: source, Now: clock.Now, Dir: filepath.Join(t.TempDir(), "skills")})
	if err != nil {
		t.Fatal(err)
	}
	deps := api.Deps{
		DB: db, IDs: source, Now: clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Models: models, Keys: api.StaticKeys(Key, OtherKey), Journal: log,
		Sessions: &lifecycle.Service{DB: db, Journal: log, IDs: source, Now: clock.Now, Models: models, Turns: noTurns{},
			Sealer: sealer, Ended: func(string, bool) {}},
		Skills:   skills,
		Files:    filestore.New(filestore.Config{DB: db, Blobs: blobs, IDs: source, Now: clock.Now, MaxBytes: MaxFile}),
		Memories: memorystore.New(memorystore.Config{DB: db, IDs: source, Now: clock.Now}),
	}
	deps.Sessions.Unused = func(keys []string) {
		if err := deps.Files.Release(context.Background(), keys); err != nil {
			t.Error(err)
		}
	}
	for _, f := range change {
		f(&deps)
	}
	if deps.OAuth == nil {
		deps.OAuth = refresher(t, deps, sealer)
	}
	s := &Server{Deps: deps, Clock: clock, t: t}
	s.HTTP = &http.Client{Transport: &contract.Transport{Base: &http.Transport{}, Report: func(err error) { t.Error(err) }}}
	front := api.New(deps)
	server := api.NewHTTPServer(front.Handler())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.URL = "http://" + ln.Addr().String()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	t.Cleanup(func() {
		s.HTTP.Transport.(*contract.Transport).Base.(*http.Transport).CloseIdleConnections()
		front.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		if err := errors.Join(db.Close(), blobs.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// V1 is a client of the last SDK of version 2023-06-01. It repeats nothing.
func (s *Server) V1() v1.Client {
	return v1.NewClient(v1option.WithBaseURL(s.URL), v1option.WithAPIKey(Key), v1option.WithMaxRetries(0), v1option.WithHTTPClient(s.HTTP))
}

// V2 is a client of the SDK of version 2026-10-21. It repeats nothing.
func (s *Server) V2() v2.Client {
	return v2.NewClient(v2option.WithoutEnvironmentDefaults(), v2option.WithBaseURL(s.URL), v2option.WithAPIKey(Key),
		v2option.WithMaxRetries(0), v2option.WithHTTPClient(s.HTTP))
}

// IDs makes ids that tell their number: agent_000000000000000000000001. It is
// safe for concurrent use.
type IDs struct {
	mu   sync.Mutex
	last map[string]int
}

// New is the next id of a prefix.
func (s *IDs) New(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		s.last = map[string]int{}
	}
	s.last[prefix]++
	return fmt.Sprintf("%s%024d", prefix, s.last[prefix])
}

// Clock stands still until it is told to go on. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock is a Clock at nine in the morning of 1 October 2026, UTC.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type noTurns struct{}

func (noTurns) Wake(string)      {}
func (noTurns) Interrupt(string) {}
func (noTurns) Forget(string)    {}
