package layers

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/ostlerdev/ostler/internal/durable"
	"github.com/ostlerdev/ostler/internal/hands"
)

// layer is a directory with what was installed. What is exported is kept in
// its file.
type layer struct {
	Key         string
	Environment string
	Own         []string  // managers with a directory at Path
	System      []string  // managers whose packages are laid over the system
	Bytes       int64     // on disk
	Failures    []Failure `json:"-"`

	dir   string // "" if nothing was installed
	used  time.Time
	until time.Time // with failures: when to try again
	users int
}

// Names in the directory of a layer.
const (
	metaFile  = "layer.json"
	treeDir   = "tree"
	systemDir = "system"
)

// partial ends the name of a layer with failures, which doesn't outlive the
// process.
const partial = ".partial"

func (l *layer) shown() []hands.Layer {
	var tree, system string
	if len(l.Own) > 0 {
		tree = filepath.Join(l.dir, treeDir)
	}
	if len(l.System) > 0 {
		system = filepath.Join(l.dir, systemDir)
	}
	return show(tree, system, l.Own)
}

// touch notes that the layer was used just now, for a later process.
func (l *layer) touch() error {
	if l.dir == "" {
		return nil
	}
	return os.Chtimes(filepath.Join(l.dir, metaFile), l.used, l.used)
}

// write makes the file that says that the layer is complete, once all of it is
// on disk.
func (l *layer) write(dir string) error {
	if err := durable.SyncFS(dir); err != nil {
		return err
	}
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, metaFile), body, 0o600)
}

// load reads the layers that are there and removes everything else.
func (s *Store) load() error {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		l, err := readLayer(s.dirOf(e.Name()))
		if err == nil && l.Key == e.Name() {
			s.layers[l.Key] = l
			continue
		}
		if err := hands.RemoveAll(s.dirOf(e.Name())); err != nil {
			return err
		}
	}
	s.evict()
	return nil
}

func readLayer(dir string) (*layer, error) {
	info, err := os.Stat(filepath.Join(dir, metaFile))
	if err != nil {
		return nil, err
	}
	body, err := os.ReadFile(filepath.Join(dir, metaFile))
	if err != nil {
		return nil, err
	}
	l := &layer{dir: dir, used: info.ModTime()}
	return l, json.Unmarshal(body, l)
}

// put makes a layer the newest of its key. s.mu is held.
func (s *Store) put(l *layer) {
	if old := s.layers[l.Key]; old != nil {
		s.replaced = append(s.replaced, old)
	}
	l.used = s.cfg.Now()
	s.layers[l.Key] = l
	s.tidy()
}

// tidy removes what nobody needs any more and what there is no room for. s.mu
// is held.
func (s *Store) tidy() {
	s.replaced = slices.DeleteFunc(s.replaced, func(l *layer) bool {
		if l.users == 0 {
			s.remove(l)
		}
		return l.users == 0
	})
	for key, l := range s.layers {
		if len(l.Failures) > 0 && l.users == 0 && s.cfg.Now().After(l.until) {
			delete(s.layers, key)
			s.remove(l)
		}
	}
	s.evict()
}

// evict removes the layers that were used least recently until the others
// fit. s.mu is held.
func (s *Store) evict() {
	all := make([]*layer, 0, len(s.layers))
	var total int64
	for _, l := range s.layers {
		all = append(all, l)
		total += l.Bytes
	}
	slices.SortFunc(all, func(a, b *layer) int { return a.used.Compare(b.used) })
	for i, l := range all {
		if total <= s.cfg.MaxBytes || i == len(all)-1 {
			return
		}
		if l.users == 0 {
			delete(s.layers, l.Key)
			s.remove(l)
			total -= l.Bytes
		}
	}
}

// remove removes a layer's directory: first its file, without which it is no
// layer any more. s.mu is held.
func (s *Store) remove(l *layer) {
	if l.dir == "" {
		return
	}
	err := errors.Join(os.Remove(filepath.Join(l.dir, metaFile)), hands.RemoveAll(l.dir))
	if err != nil {
		s.cfg.Log.Error("a layer was not removed", "layer", l.dir, "error", err)
	}
}

// usage is the bytes that are allocated below a directory, each file counted
// once.
func usage(dir string) (int64, error) {
	type inode struct{ dev, ino uint64 }
	seen := map[inode]bool{}
	var total int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && !seen[inode{uint64(st.Dev), st.Ino}] {
			seen[inode{uint64(st.Dev), st.Ino}] = true
			total += st.Blocks * 512
		}
		return nil
	})
	return total, err
}
