// Package server puts the parts of a server together: data directory,
// database, journal, turns, sandboxes, gate and API. It is the whole program
// as a value, for the command line, the tests and the benchmarks alike.
//
// Promises: Open returns when requests can be served; what an earlier process
// left unfinished is gone on with. Close is idempotent and waits for
// everything that Open began; a turn that is cut short by it is gone on with
// at the next Open.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/brain"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/lifecycle"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/skillstore"
)

// Config is what an operator chooses.
type Config struct {
	DataDir      string
	APIKey       string // "" keeps one in the data directory
	Model        model.Config
	Sandbox      string // gvisor, namespace or docker
	Rootfs       string // directory shown as the sandbox's system; "" is the host's
	Limits       hands.Limits
	AllowPrivate string // OSTLER_ALLOW_PRIVATE
	GateHosts    string // OSTLER_GATE_HOSTS
	GateCA       string // file of PEM certificates of authorities that hosts of credentials may have theirs from, besides the system's
	GitHosts     []string
	Registries   []string      // OSTLER_REGISTRIES
	PackagesDisk int64         // bytes of installed packages; 0 is 20 GiB
	MirrorsDisk  int64         // bytes of mirrors of repositories; 0 is 10 GiB
	SuspendAfter time.Duration // of a sandbox without calls; 0 suspends none
	SuspendDisk  int64         // bytes of suspended sandboxes; 0 is 20 GiB
	WarmPool     int           // sandboxes kept ready for sessions to come
	MaxRounds    int           // of tool calls in one turn; 0 is 500
	MCPTimeout   time.Duration // of calls of MCP servers; 0 is 60 s
	Web          Web
	Log          *slog.Logger

	// With docker: the image of sandboxes, the engine's runtime, and the program
	// to run inside; "" are the defaults of package docker.
	DockerImage, DockerRuntime, Guest string

	// Driver, if set, is used in place of Sandbox.
	Driver hands.Driver
}

// Server is an open server.
type Server struct {
	Key     string // the admin key
	KeyFile string // where it is kept; "" if Config named it
	Driver  hands.Driver
	Models  *model.Table

	handler http.Handler
	closers []func() error // run from the last to the first
	once    sync.Once
	err     error
}

// Open makes a server that is ready for requests. The error says which part
// could not be had.
func Open(ctx context.Context, c Config) (*Server, error) {
	s := &Server{}
	if err := s.open(ctx, c); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Handler serves the API.
func (s *Server) Handler() http.Handler { return s.handler }

// Close ends everything and waits for it.
func (s *Server) Close() error {
	s.once.Do(func() {
		var errs []error
		for i := len(s.closers) - 1; i >= 0; i-- {
			errs = append(errs, s.closers[i]())
		}
		s.err = errors.Join(errs...)
	})
	return s.err
}

func (s *Server) onClose(f func() error) { s.closers = append(s.closers, f) }

// background runs f until Close, which waits for it.
func (s *Server) background(f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	s.onClose(func() error {
		cancel()
		<-done
		return nil
	})
}

func (s *Server) open(ctx context.Context, c Config) error {
	b, err := s.openBase(ctx, c)
	if err != nil {
		return err
	}
	tokens := s.oauth(b.transport, b.db, b.keys, c.Log)
	if s.Driver, err = driver(ctx, c, b.data); err != nil {
		return err
	}
	in, err := s.contents(b, c.Log)
	if err != nil {
		return err
	}
	boxes, err := s.sandboxes(ctx, c, b, in)
	if err != nil {
		return err
	}
	pages, err := s.web(c, b.dialer)
	if err != nil {
		return err
	}
	log := journal.New(b.ids, time.Now)
	remote := s.mcp(c, b.transport, sessionTokens{tokens})
	turns := brain.New(brain.Deps{DB: b.db, Journal: log, Model: s.Models, Hands: boxes, Remote: remote, Web: pages, Files: in.files, Window: s.Models.Window,
		Linger: linger, MaxRounds: c.MaxRounds, Briefs: []brain.Brief{skillstore.Brief, memoryBrief}, Now: time.Now, Log: c.Log})
	s.onClose(func() error { turns.Stop(); return nil })
	sessions := &lifecycle.Service{
		DB: b.db, Journal: log, IDs: b.ids, Now: time.Now, Models: s.Models, Turns: turns, Sealer: b.keys,
		Resources: resource.Options{AllowedGitHosts: c.GitHosts},
		Ended:     func(session string, _ bool) { boxes.Remove(session); remote.Forget(session) },
		Unused:    in.files.remove,
		Changed:   in.files.changed(boxes),
	}
	front := api.New(api.Deps{DB: b.db, IDs: b.ids, Now: time.Now, Log: c.Log, Models: s.Models, Keys: api.StaticKeys(s.Key),
		Journal: log, Sessions: sessions, Files: in.files.Files, OAuth: tokens, Skills: in.skills, Memories: in.memories})
	s.onClose(func() error { front.Close(); return nil })
	s.handler = front.Handler()
	return turns.Start(ctx)
}

// linger is long for a program that opens the stream after its message, and
// short for a model: see [brain.Deps].
const linger = 300 * time.Millisecond

// refresh keeps the lists of the upstreams' models up to date.
func refresh(models *model.Table, log *slog.Logger) func(context.Context) {
	return func(ctx context.Context) {
		tick := time.NewTicker(time.Hour)
		defer tick.Stop()
		for {
			if err := models.Refresh(ctx); err != nil && ctx.Err() == nil {
				log.Info("an upstream's list of models could not be read", "error", err)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}
}
