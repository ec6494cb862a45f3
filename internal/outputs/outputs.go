// Package outputs moves files between the server and the host directory of a
// session: it places the bytes of mounted files below uploads/ for the agent to
// read ([Service.Materialize]), and makes files of what the agent left below
// outputs/ ([Service.Sync]).
//
// outputs/ is written by untrusted code, also while it is being read. Only
// regular files below it are read; links, devices, pipes and sockets are
// skipped, and nothing outside of it is ever opened. uploads/ is read-only for
// the agent.
//
// Promises of Sync: a file is listed only when its bytes are complete; there is
// at most one file object per path; a file that didn't change costs one look at
// it; a changed one gets a new id, and its old object goes in the same moment;
// a file that the agent deletes keeps its object, for it was handed over. A
// file that is renamed moves: it gets a new id and the old object goes.
//
// The package may not import api, brain, journal or net/http.
package outputs

import (
	"sync"

	"github.com/ostlerdev/ostler/internal/filestore"
)

// Limits bound what Sync publishes. Zero means the default.
type Limits struct {
	Files   int   // objects of a session; default 1000
	Entries int   // directory entries looked at in one Sync; default 20 000
	Depth   int   // directories below each other; default 16
	Bytes   int64 // of all objects of a session; default 10 GiB
}

// Config is what a Service works with.
type Config struct {
	Files  *filestore.Files // bounds the size of one file too
	Limits Limits
}

// Service moves files. It is safe for concurrent use.
type Service struct {
	Config
	mu   sync.Mutex
	busy map[string]*turn // sessions at work
}

// turn is the right to work on a session's directory.
type turn struct {
	mu    sync.Mutex
	users int
}

// New makes a Service.
func New(c Config) *Service {
	def := Limits{Files: 1000, Entries: 20_000, Depth: 16, Bytes: 10 << 30}
	if c.Limits.Files == 0 {
		c.Limits.Files = def.Files
	}
	if c.Limits.Entries == 0 {
		c.Limits.Entries = def.Entries
	}
	if c.Limits.Depth == 0 {
		c.Limits.Depth = def.Depth
	}
	if c.Limits.Bytes == 0 {
		c.Limits.Bytes = def.Bytes
	}
	return &Service{Config: c, busy: map[string]*turn{}}
}

// lock waits until nobody else works on the session's directory.
func (s *Service) lock(session string) (unlock func()) {
	s.mu.Lock()
	t := s.busy[session]
	if t == nil {
		t = &turn{}
		s.busy[session] = t
	}
	t.users++
	s.mu.Unlock()
	t.mu.Lock()
	return func() {
		t.mu.Unlock()
		s.mu.Lock()
		defer s.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(s.busy, session)
		}
	}
}
