package memorysync

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/wire"
)

// mount is the directory of a store in a session.
type mount struct {
	s        *Service
	session  string
	store    string
	path     string // inside the sandbox
	readOnly bool   // the agent can't write

	home string // on the host, where no sandbox sees it
	slug string
	dir  string   // what the sandbox sees
	root *os.Root // of dir
	side *os.File // directory for files on their way in and out, of the same file system

	kick chan struct{} // the store changed
	due  atomic.Bool   // it changed since the last pass began
	stir chan struct{} // the directory changed

	mu       sync.Mutex // held during a pass
	rec      record
	owner    owner
	attic    []*relic
	serial   int
	again    bool // this pass met a change that another must look at
	polled   bool // not all directories are watched
	archived bool
	gone     bool
	unsaved  map[string]refusal // files that are not in the store
	unshown  map[string]string  // memories that have no file
	notes    []string
}

// refusal is why a file is not saved, and in what state it was then.
type refusal struct{ reason, sum string }

// openMount opens the directory of an attached store, below that of its
// session.
func openMount(s *Service, session, dir string, r *wire.MemoryStoreResource) (*mount, error) {
	m := &mount{s: s, session: session, store: r.MemoryStoreID, path: r.MountPath, readOnly: r.Access == wire.MemoryReadOnly,
		home: filepath.Join(dir, homeDir), slug: strings.TrimPrefix(r.MountPath, memory.MountRoot+"/")}
	return m, m.open()
}

// reopenMount opens the directory that an earlier process left, by its record.
func reopenMount(s *Service, file string) (*mount, error) {
	rec, err := readRecord(file)
	if err != nil {
		return nil, err
	}
	m := &mount{s: s, session: rec.Session, store: rec.Store, path: rec.Path, readOnly: rec.ReadOnly,
		home: filepath.Dir(file), slug: strings.TrimSuffix(filepath.Base(file), recordSuffix)}
	return m, m.open()
}

func (m *mount) open() (err error) {
	// Where a sandbox that runs already can be shown it.
	m.dir = filepath.Join(hands.Shelf(filepath.Dir(m.home), m.readOnly), homeDir, m.slug)
	m.kick, m.stir = make(chan struct{}, 1), make(chan struct{}, 1)
	m.unsaved, m.unshown = map[string]refusal{}, map[string]string{}
	side := filepath.Join(m.home, m.slug+".side")
	if err := hands.RemoveAll(side); err != nil { // of an earlier process
		return err
	}
	_, err = os.Lstat(m.dir)
	there := err == nil
	for _, dir := range []string{m.dir, side} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if m.side, err = os.Open(side); err != nil {
		return err
	}
	if m.root, err = os.OpenRoot(m.dir); err != nil {
		return errors.Join(err, m.side.Close())
	}
	if err := m.load(there); err != nil {
		return errors.Join(err, m.close())
	}
	return nil
}

func (m *mount) close() error {
	if m.s.watches != nil {
		m.s.watches.forget(m)
	}
	return errors.Join(m.root.Close(), m.side.Close(), hands.RemoveAll(m.side.Name()))
}

// closed tells whether the store takes nothing any more.
func (m *mount) closed() bool { return m.archived || m.gone }

// poke asks for a pass soon. It doesn't block.
func (m *mount) poke() {
	m.due.Store(true)
	signal(m.kick)
}

// catchUp brings what has been asked for by now, if no pass has yet.
func (m *mount) catchUp(ctx context.Context) error {
	m.mu.Lock() // a pass that runs comes to its end
	due := m.due.Load()
	m.mu.Unlock()
	if !due {
		return nil
	}
	return m.sync(ctx)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// retry is the time between two looks at a directory whose changes can't be
// heard of, or after a failure.
const retry = time.Second

// run keeps the mount in step until ctx ends.
func (m *mount) run(ctx context.Context) {
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.kick:
		case <-again:
		case <-m.stir:
			m.rest(ctx)
		}
		err := m.sync(ctx)
		if err != nil && ctx.Err() == nil {
			m.s.Log.Error("a mounted memory store is not in step", "session", m.session, "store", m.store, "error", err)
		}
		m.mu.Lock()
		again = nil
		if err != nil || m.polled {
			again = time.After(retry)
		}
		m.mu.Unlock()
	}
}

// rest waits until the directory is at rest, but not for long.
func (m *mount) rest(ctx context.Context) {
	late := time.NewTimer(m.s.Late)
	defer late.Stop()
	quiet := time.NewTimer(m.s.Quiet)
	defer quiet.Stop()
	for {
		select {
		case <-m.stir:
			quiet.Reset(m.s.Quiet)
		case <-quiet.C:
			return
		case <-late.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
