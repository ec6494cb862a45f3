package layers

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/setup"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Config is what a Store works with.
type Config struct {
	// Dir holds the layers. It must be the Store's own, private to the server,
	// and on the file system of the Runner's directory.
	Dir    string
	Runner *setup.Runner
	// Driver is the name of the Runner's driver.
	Driver string
	// Rootfs is the root file system directory that sandboxes show in place
	// of the host's system, or "".
	Rootfs string
	// Registries are used in place of the public ones, by manager: a URL, for
	// apt the text of a sources.list.
	Registries Registries
	// MaxBytes bounds the layers on disk; 0 is 20 GiB. One layer is always
	// kept, and those in use are.
	MaxBytes int64
	// Limit is how long the making of a layer may take; 0 is 10 minutes.
	Limit time.Duration
	// Forget is how long a failure is remembered; 0 is 5 minutes.
	Forget time.Duration
	Now    func() time.Time
	Log    *slog.Logger
}

// Want says whose packages are wanted.
type Want struct {
	Environment string           // id
	Networking  *wire.Networking // of the environment; nil is unrestricted
	Lists       []List           // those that are empty may be left out
}

// Failure is a manager whose packages could not be installed.
type Failure struct {
	Manager string
	Message string // names the manager and quotes its last lines
}

// Lease holds a layer.
type Lease struct {
	Layers   []hands.Layer // none if there is nothing to show
	Failures []Failure
	release  func()
}

// Release lets go of the layer. It is idempotent.
func (l *Lease) Release() {
	if l.release != nil {
		l.release()
	}
}

// Store makes layers and keeps them. It is safe for concurrent use.
type Store struct {
	cfg    Config
	base   hands.Layer // what setup sandboxes need of apt's configuration
	probe  string      // laid over the system to see whether that can be done
	hosts  []string    // registries of the operator's own
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	probing sync.Mutex
	probed  bool // something can be laid over the system

	mu       sync.Mutex
	layers   map[string]*layer // newest of each key
	making   map[string]*making
	replaced []*layer // held by somebody and not the newest any more
}

// making is a layer that is being made.
type making struct {
	done    chan struct{}
	layer   *layer // nil if err isn't
	err     error
	waiters int // each holds the layer once it is there
}

// New opens the layers in the directory, removing what isn't complete.
func New(c Config) (*Store, error) {
	if c.MaxBytes == 0 {
		c.MaxBytes = 20 << 30
	}
	if c.Limit == 0 {
		c.Limit = 10 * time.Minute
	}
	if c.Forget == 0 {
		c.Forget = 5 * time.Minute
	}
	if err := os.MkdirAll(c.Dir, 0o711); err != nil {
		return nil, err
	}
	s := &Store{cfg: c, layers: map[string]*layer{}, making: map[string]*making{}}
	var err error
	if s.hosts, err = c.Registries.hosts(); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("package layers: %w", err)
	}
	if err := s.makeBase(); err != nil {
		return nil, fmt.Errorf("apt's configuration for setup sandboxes: %w", err)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Close ends what is being made. Layers stay.
func (s *Store) Close() {
	s.cancel()
	s.wg.Wait()
}

// Get is the layer of an environment's packages, made if need be. The caller
// releases the lease when its sandbox is gone. An error is ctx's, or tells that
// the server is closing or its disk fails; what goes wrong with packages is in
// the lease.
func (s *Store) Get(ctx context.Context, w Want) (*Lease, error) {
	w.Lists = wanted(w.Lists)
	if len(w.Lists) == 0 {
		return &Lease{}, nil
	}
	for _, l := range w.Lists {
		if err := l.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", l.Manager, err)
		}
	}
	key, err := s.key(w)
	if err != nil {
		return nil, err
	}
	m, l := s.find(key, w)
	if m == nil {
		return s.lease(l), nil
	}
	select {
	case <-m.done:
	case <-ctx.Done():
		s.leave(m)
		return nil, ctx.Err()
	}
	if m.err != nil {
		return nil, m.err
	}
	return s.lease(m.layer), nil
}

// find holds the layer of a key, or joins those who wait for it.
func (s *Store) find(key string, w Want) (*making, *layer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.layers[key]; l != nil && (len(l.Failures) == 0 || s.cfg.Now().Before(l.until)) {
		l.users++
		return nil, l
	}
	m := s.making[key]
	if m == nil {
		m = &making{done: make(chan struct{})}
		s.making[key] = m
		s.wg.Go(func() { s.make(key, w, m) })
	}
	m.waiters++
	return m, nil
}

// leave is what one does who waits no longer.
func (s *Store) leave(m *making) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.waiters--
	if m.layer != nil {
		m.layer.users--
		s.tidy()
	}
}

// make makes a layer and gives it to those who wait for it.
func (s *Store) make(key string, w Want, m *making) {
	began := s.cfg.Now()
	l, err := s.build(key, w)
	s.tell(w, l, err, s.cfg.Now().Sub(began))
	s.mu.Lock()
	delete(s.making, key)
	if m.layer, m.err = l, err; err == nil {
		l.users = m.waiters
		s.put(l)
	}
	s.mu.Unlock()
	close(m.done)
}

// tell logs how the making of a layer ended.
func (s *Store) tell(w Want, l *layer, err error, took time.Duration) {
	log := s.cfg.Log.With("environment", w.Environment, "duration", took.Round(time.Millisecond))
	switch {
	case s.ctx.Err() != nil: // closing
	case err != nil:
		log.Error("packages could not be installed", "error", err)
	default:
		log.Info("packages were installed", "bytes", l.Bytes, "managers", slices.Concat(l.System, l.Own))
		for _, f := range l.Failures {
			log.Warn("packages could not be installed", "manager", f.Manager, "said", f.Message)
		}
	}
}

// lease is one hold on a layer.
func (s *Store) lease(l *layer) *Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.used = s.cfg.Now()
	if err := l.touch(); err != nil {
		s.cfg.Log.Error("the use of a layer was not noted", "layer", l.dir, "error", err)
	}
	return &Lease{Layers: l.shown(), Failures: l.Failures, release: sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		l.users--
		s.tidy()
	})}
}

// wanted is the lists that aren't empty, in the order of installation.
func wanted(lists []List) (out []List) {
	for _, m := range managers {
		for _, l := range lists {
			if l.Manager == m.name && len(l.Packages) > 0 {
				out = append(out, l)
			}
		}
	}
	return out
}

// dirOf is a directory of the Store's.
func (s *Store) dirOf(name string) string { return filepath.Join(s.cfg.Dir, name) }
