// Package memorysync shows memory stores to sandboxes as directories, and
// keeps both sides the same: what an agent writes becomes versions of its
// session, what others change appears in the directory (Managed Agents API:
// memory stores, mounting).
//
// Each session has a directory of its own for each of its stores, which its
// sandbox sees as a mount. Beside it is a record of what the server last saw
// there; what differs from the record is the agent's doing. A pass over a mount
// first takes the agent's changes to the store, in one transaction that looks
// at the store as it is then, and after that brings the directory to the
// store's state. Passes are started by changes of the directory, by changes of
// the store, after every tool call, and when the sandbox goes.
//
// Promises: a text that a pass has seen in the directory is a version, or the
// agent is told why not and its file is left alone. The last writer wins; what
// it replaces is a version already. A write wins over a deletion that happened
// meanwhile. The directory's files are replaced whole, and never over a text
// that wasn't taken before, be it written at the last moment or through a
// descriptor of a file that was replaced. What an agent wrote before the
// server was killed is taken at the next start.
//
// The directory is written by untrusted code, also while it is being read:
// only regular files below it are opened, and nothing outside of it.
//
// The package may not import api, brain, journal or net/http.
package memorysync

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	DB       store.DB
	Memories *memorystore.Service
	Log      *slog.Logger
	// Quiet is how long a directory must be at rest before a pass, so that an
	// editor's steps become one version; Late is how long a pass waits at most.
	// 0 is 100 and 600 ms.
	Quiet, Late time.Duration
}

// Service keeps the mounts of live sandboxes. It is safe for concurrent use.
type Service struct {
	Config
	watches *watches // nil where the kernel can't tell of changes

	mu       sync.Mutex
	sessions map[string]*group
	stores   map[string]map[*mount]bool
}

// group is the mounts of a session's sandbox.
type group struct {
	home   string
	mounts []*mount
	stop   context.CancelFunc
	wg     sync.WaitGroup
}

// New makes a Service, which hears of every change that c.Memories makes.
func New(c Config) *Service {
	if c.Quiet == 0 {
		c.Quiet = 100 * time.Millisecond
	}
	if c.Late == 0 {
		c.Late = 600 * time.Millisecond
	}
	s := &Service{Config: c, sessions: map[string]*group{}, stores: map[string]map[*mount]bool{}}
	var err error
	if s.watches, err = newWatches(); err != nil {
		c.Log.Warn("changes of memories by agents are looked for every second: the kernel can't tell of them", "error", err)
	}
	c.Memories.Watch(s.changed)
	return s
}

// Close leaves every session. It is to be called when no sandbox is left.
func (s *Service) Close() error {
	s.mu.Lock()
	var ids []string
	for id := range s.sessions {
		ids = append(ids, id)
	}
	s.mu.Unlock()
	var errs []error
	for _, id := range ids {
		errs = append(errs, s.Leave(context.Background(), id))
	}
	if s.watches != nil {
		errs = append(errs, s.watches.close())
	}
	return errors.Join(errs...)
}

// homeDir is below the directory of a session, and of the same name are the
// directories of stores on its shelf; liveFile is in the first while a sandbox
// may write to its mounts.
const (
	homeDir  = "memory"
	liveFile = "live"
)

// Mounts makes the directories of a session's stores below dir and answers
// where its new sandbox is to show them; nil if it has none. They are in step
// with the stores from then on, until Leave.
func (s *Service) Mounts(ctx context.Context, session, dir string) ([]hands.Mount, error) {
	if err := s.Leave(ctx, session); err != nil {
		return nil, err
	}
	var attached []*wire.MemoryStoreResource
	err := s.DB.View(ctx, func(tx store.Tx) (err error) {
		attached, err = store.MountedStores(tx, session)
		return err
	})
	if err != nil || len(attached) == 0 {
		return nil, err
	}
	home := filepath.Join(dir, homeDir)
	top := filepath.Join(home, "top") // the mount root itself, which holds nothing but mounts
	if err := os.MkdirAll(top, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(home, liveFile), nil, 0o600); err != nil {
		return nil, err
	}
	g := &group{home: home}
	out := []hands.Mount{{Path: memory.MountRoot, Source: top, ReadOnly: true}}
	for _, r := range attached {
		m, err := openMount(s, session, dir, r)
		if err == nil {
			g.mounts = append(g.mounts, m)
			err = m.sync(ctx)
		}
		if err != nil {
			return nil, errors.Join(err, g.close())
		}
		out = append(out, hands.Mount{Path: r.MountPath, Source: m.dir, ReadOnly: m.readOnly || m.closed()})
	}
	s.enter(session, g)
	return out, nil
}

// enter starts to keep a group in step.
func (s *Service) enter(session string, g *group) {
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[session] = g
	for _, m := range g.mounts {
		if s.stores[m.store] == nil {
			s.stores[m.store] = map[*mount]bool{}
		}
		s.stores[m.store][m] = true
		g.wg.Go(func() { m.run(ctx) })
		m.poke() // what changed since the first pass
	}
}

// Leave takes what is left to take after a session's sandbox is gone, and lets
// go of its mounts. If that fails, they are gone through at the next start.
func (s *Service) Leave(ctx context.Context, session string) error {
	s.mu.Lock()
	g := s.sessions[session]
	delete(s.sessions, session)
	if g != nil {
		for _, m := range g.mounts {
			if delete(s.stores[m.store], m); len(s.stores[m.store]) == 0 {
				delete(s.stores, m.store)
			}
		}
	}
	s.mu.Unlock()
	if g == nil {
		return nil
	}
	g.stop()
	g.wg.Wait()
	return g.end(ctx)
}

// end goes through the mounts for the last time.
func (g *group) end(ctx context.Context) error {
	var errs []error
	for _, m := range g.mounts {
		errs = append(errs, m.sync(ctx))
	}
	err := errors.Join(append(errs, g.close())...)
	if err == nil {
		err = os.Remove(filepath.Join(g.home, liveFile))
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

func (g *group) close() error {
	var errs []error
	for _, m := range g.mounts {
		errs = append(errs, m.close())
	}
	return errors.Join(errs...)
}

// Sync takes what the agent wrote by now, and brings its mounts up to date.
func (s *Service) Sync(ctx context.Context, session string) error {
	var errs []error
	for _, m := range s.of(session) {
		errs = append(errs, m.sync(ctx))
	}
	return errors.Join(errs...)
}

// CatchUp brings what others wrote by now, where that has not been done yet.
func (s *Service) CatchUp(ctx context.Context, session string) error {
	var errs []error
	for _, m := range s.of(session) {
		errs = append(errs, m.catchUp(ctx))
	}
	return errors.Join(errs...)
}

// Notes is what the agent must hear of its mounts, once: what was not saved,
// and why.
func (s *Service) Notes(session string) []string {
	var out []string
	for _, m := range s.of(session) {
		out = append(out, m.takeNotes()...)
	}
	return out
}

func (s *Service) of(session string) []*mount {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.sessions[session]; g != nil {
		return g.mounts
	}
	return nil
}

// changed is told of every store that changed.
func (s *Service) changed(storeID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for m := range s.stores[storeID] {
		m.poke()
	}
}

// Recover takes what agents wrote before an earlier process was killed. dir is
// the directory that holds those of the sessions. It is called before the
// first Mounts.
func (s *Service) Recover(ctx context.Context, dir string) error {
	live, err := filepath.Glob(filepath.Join(dir, "*", homeDir, liveFile))
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range live {
		home := filepath.Dir(file)
		g := &group{home: home}
		records, err := filepath.Glob(filepath.Join(home, "*"+recordSuffix))
		errs = append(errs, err)
		for _, record := range records {
			m, err := reopenMount(s, record)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			g.mounts = append(g.mounts, m)
		}
		errs = append(errs, g.end(ctx))
	}
	return errors.Join(errs...)
}
