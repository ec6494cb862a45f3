package clone

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/setup"
)

// mirror is the bare repository of one URL. Service.mu guards it.
type mirror struct {
	dir      string
	there    bool
	bytes    int64
	used     time.Time
	users    int  // clones that read it
	updating bool // one of them may write
	closed   bool // to further clones, while it is packed anew
	bad      bool // to be removed when nobody uses it
}

// use is the share of one clone in a mirror.
type use struct {
	m       *mirror
	dir     string
	have    bool // it can be read
	holds   bool // nobody else may write it meanwhile
	updates bool // this clone brings it up to date, or makes it
	bad     bool
	made    bool // a new one is in the setup sandbox's outputs
}

// acquire takes part in the mirror of a URL.
func (s *Service) acquire(url string) *use {
	if s.cfg.MaxBytes < 0 {
		return &use{}
	}
	sum := sha256.Sum256([]byte(url))
	key := hex.EncodeToString(sum[:16])
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mirrors[key]
	if m == nil {
		m = &mirror{dir: filepath.Join(s.cfg.Dir, key)}
		s.mirrors[key] = m
	}
	u := &use{m: m, dir: m.dir, have: m.there && !m.closed && !m.bad, holds: !m.updating && !m.bad}
	u.updates = u.holds
	m.users++
	m.updating = true
	m.used = s.cfg.Now()
	return u
}

// done ends a clone's part and removes mirrors that are bad or don't fit.
func (s *Service) done(u *use) {
	if u.m == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := u.m
	m.users--
	if u.holds {
		m.updating, m.closed = false, false
	}
	m.bad = m.bad || u.bad
	if m.users == 0 && (m.bad || !m.there) {
		s.remove(m)
	}
	s.evict()
}

//go:embed scripts/mirror.sh
var mirrorScript string

// update brings the mirror up to date in the setup sandbox, or makes one. A
// failure costs the mirror, not the clone; the error is the sandbox's.
func (s *Service) update(ctx context.Context, room *setup.Room, u *use) error {
	if !u.updates || u.bad {
		return nil
	}
	if small, err := s.small(filepath.Join(room.Work(), cloneName, ".git")); !u.have && (small || err != nil) {
		u.updates = false
		return err
	}
	path, state := mirrorPath, "shared"
	if !u.have {
		path, state = setup.Outputs+"/mirror", "new"
	} else if s.alone(u.m) {
		state = "alone"
	}
	res, err := room.Run(ctx, setup.Step{Script: mirrorScript, Args: []string{clonePath, path, state}, Limit: s.cfg.Limit})
	if err != nil {
		return err
	}
	if res.Code != 0 {
		s.cfg.Log.Warn("a mirror was not brought up to date", "mirror", u.dir, "said", setup.Last(res.Output, 4, 500))
		u.bad = true
	}
	u.made = state == "new" && !u.bad
	return nil
}

// small says whether a repository is not worth a mirror.
func (s *Service) small(git string) (bool, error) {
	for _, dir := range []string{filepath.Dir(git), git} { // walking follows neither, if it is a link
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
			return true, err
		}
	}
	bytes, err := usage(git)
	return bytes < s.cfg.MinBytes, err
}

// alone closes a mirror to further readers if there are none but the caller.
func (s *Service) alone(m *mirror) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.closed = m.users == 1
	return m.closed
}

// keep takes a new mirror from the setup sandbox, and measures it.
func (s *Service) keep(room *setup.Room, u *use) {
	if !u.updates || u.bad {
		return
	}
	err := error(nil)
	if u.made {
		made := filepath.Join(room.Outputs(), "mirror")
		if info, e := os.Lstat(made); e != nil || !info.IsDir() {
			return // whoever did that to it has no use for one
		}
		err = errors.Join(hands.RemoveAll(u.dir), os.Rename(made, u.dir))
	}
	var bytes int64
	if err == nil {
		bytes, err = usage(u.dir)
	}
	if err == nil {
		now := s.cfg.Now()
		err = os.Chtimes(u.dir, now, now)
	}
	if err != nil {
		s.cfg.Log.Error("a mirror was not kept", "mirror", u.dir, "error", err)
		u.bad = true
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u.m.there, u.m.bytes = true, bytes
}

// load reads which mirrors are there.
func (s *Service) load() error {
	if err := os.MkdirAll(s.cfg.Dir, 0o711); err != nil {
		return err
	}
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		dir := filepath.Join(s.cfg.Dir, e.Name())
		info, err := e.Info()
		if err != nil {
			return err
		}
		bytes, err := usage(dir)
		if err != nil {
			return err
		}
		s.mirrors[e.Name()] = &mirror{dir: dir, there: true, bytes: bytes, used: info.ModTime()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.evict()
	return nil
}

// evict removes the mirrors that were used least recently until the others
// fit. s.mu is held.
func (s *Service) evict() {
	var all []*mirror
	var total int64
	for _, m := range s.mirrors {
		if m.there {
			all = append(all, m)
			total += m.bytes
		}
	}
	slices.SortFunc(all, func(a, b *mirror) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.dir, b.dir)) })
	for _, m := range all {
		if total <= max(s.cfg.MaxBytes, 0) {
			return
		}
		if m.users == 0 {
			total -= m.bytes
			s.remove(m)
		}
	}
}

// remove removes a mirror that nobody uses. s.mu is held.
func (s *Service) remove(m *mirror) {
	m.there, m.bytes = false, 0
	if err := hands.RemoveAll(m.dir); err != nil {
		s.cfg.Log.Error("a mirror was not removed", "mirror", m.dir, "error", err)
	}
	delete(s.mirrors, filepath.Base(m.dir))
}

// usage is the bytes that are allocated below a directory.
func usage(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another clone's temporary file
		}
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			total += st.Blocks * 512
		}
		return nil
	})
	return total, err
}
