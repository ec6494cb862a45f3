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
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/audit"
	"github.com/ostlerdev/ostler/internal/blob/dir"
	"github.com/ostlerdev/ostler/internal/brain"
	"github.com/ostlerdev/ostler/internal/filestore"
	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/lifecycle"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/memorysync"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/outputs"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/sandboxes"
	"github.com/ostlerdev/ostler/internal/secret"
	"github.com/ostlerdev/ostler/internal/skillstore"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
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
	data, err := openDataDir(c.DataDir)
	if err != nil {
		return err
	}
	s.onClose(data.close)
	if s.Key, s.KeyFile, err = data.adminKey(c.APIKey); err != nil {
		return err
	}
	if s.Models, err = model.NewTable(c.Model); err != nil {
		return err
	}
	s.onClose(func() error { s.Models.Close(); return nil })
	s.background(refresh(s.Models, c.Log))
	db, err := sqlite.Open(ctx, data.file("ostler.db"))
	if err != nil {
		return err
	}
	s.onClose(db.Close)
	blobs, err := dir.Open(data.file("blobs"))
	if err != nil {
		return err
	}
	s.onClose(blobs.Close)
	keeper, err := secret.Open(data.file("master_key"))
	if err != nil {
		return err
	}
	dialer, err := c.dialer()
	if err != nil {
		return err
	}
	transport, err := s.transport(c, dialer)
	if err != nil {
		return err
	}
	tokens := s.oauth(transport, db, keeper, c.Log)
	if s.Driver, err = driver(ctx, c, data); err != nil {
		return err
	}
	source, now := new(ids.Random), time.Now
	log := journal.New(source, now)
	stored := filestore.New(filestore.Config{DB: db, Blobs: blobs, IDs: source, Now: now})
	files := &files{Files: stored, outputs: outputs.New(outputs.Config{Files: stored}), log: c.Log}
	s.background(files.keep)
	skills, err := skillstore.New(skillstore.Config{DB: db, Blobs: blobs, IDs: source, Now: now, Dir: data.file("skills")})
	if err != nil {
		return err
	}
	s.background(hourly(c.Log, "what is left of deleted skills was not removed", skills.Sweep))
	memories := memorystore.New(memorystore.Config{DB: db, IDs: source, Now: now})
	s.background(hourly(c.Log, "old versions of memories were not removed", memories.Prune))
	boxes, err := s.sandboxes(ctx, c, data, db, contents{files, skills, memories}, keeper, dialer)
	if err != nil {
		return err
	}
	pages, err := s.web(c, dialer)
	if err != nil {
		return err
	}
	remote := s.mcp(c, transport, sessionTokens{tokens})
	turns := brain.New(brain.Deps{DB: db, Journal: log, Model: s.Models, Hands: boxes, Remote: remote, Files: files, Web: pages, Now: now, Log: c.Log,
		Briefs: []brain.Brief{skillstore.Brief, memoryBrief}})
	s.onClose(func() error { turns.Stop(); return nil })
	sessions := &lifecycle.Service{
		DB: db, Journal: log, IDs: source, Now: now, Models: s.Models, Turns: turns, Sealer: keeper,
		Resources: resource.Options{AllowedGitHosts: c.GitHosts},
		Ended:     func(session string, _ bool) { boxes.Remove(session); remote.Forget(session) },
		Unused:    files.remove,
		Changed:   files.changed(boxes),
	}
	front := api.New(api.Deps{DB: db, IDs: source, Now: now, Log: c.Log, Models: s.Models, Keys: api.StaticKeys(s.Key),
		Journal: log, Sessions: sessions, Files: stored, OAuth: tokens, Skills: skills, Memories: memories})
	s.onClose(func() error { front.Close(); return nil })
	s.handler = front.Handler()
	return turns.Start(ctx)
}

// sandboxes makes the manager of sandboxes and the gate they go out by.
func (s *Server) sandboxes(ctx context.Context, c Config, data *dataDir, db *sqlite.DB, in contents, keys *secret.Box, dialer *dial.Dialer) (*sandboxes.Manager, error) {
	log := audit.New(db, c.Log, time.Now)
	s.background(log.Run)
	roots, err := gateRoots(c.GateCA)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_GATE_CA: %w", err)
	}
	out := gate.New(gate.Config{Dialer: dialer, Audit: log.Record, Roots: roots})
	s.onClose(out.Close)
	sockets, err := data.socketDir()
	if err != nil {
		return nil, err
	}
	s.onClose(func() error { return os.RemoveAll(sockets) })
	ready, err := s.provision(c, data, db, out, sockets, keys)
	if err != nil {
		return nil, err
	}
	mounts := memorysync.New(memorysync.Config{DB: db, Memories: in.memories, Log: c.Log})
	s.onClose(mounts.Close)
	boxes, err := sandboxes.New(ctx, sandboxes.Config{
		Driver: s.Driver, Gate: out, Dir: data.file("sandboxes"), SocketDir: sockets, Limits: c.Limits, Log: c.Log,
		Policy:      policyOf(db),
		Credentials: credentialsOf(db, keys),
		Materialize: in.files.materialize,
		Software:    software(ready), Repositories: ready.Repositories, Injections: ready.Injections,
		Mounts: in.mounts(mounts), Remark: in.skills.InRepositories, Memory: mounts,
		Publish:      in.files.publish,
		SuspendAfter: c.SuspendAfter, SuspendDisk: c.SuspendDisk, Keys: keys, WarmPool: c.WarmPool,
	})
	if err != nil {
		return nil, err
	}
	s.onClose(func() error { boxes.Close(); return nil })
	if err := mounts.Recover(ctx, data.file("sandboxes")); err != nil { // now that no sandbox of an earlier process is left
		c.Log.Error("what agents wrote to memory stores before the last stop was not taken", "error", err)
	}
	return boxes, nil
}

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
