package memorysync

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/memory"
)

// record is what the server knows of a mount. It is written beside it.
type record struct {
	Boot     string           `json:"boot"` // of the kernel: nothing is forced to disk
	Session  string           `json:"session"`
	Store    string           `json:"store"`
	Path     string           `json:"path"`
	ReadOnly bool             `json:"read_only"`
	Written  int64            `json:"written"` // bytes of versions that the agent made
	Files    map[string]entry `json:"files"`   // by the paths of memories
}

// entry is what the server last saw at a path: the text of a memory.
type entry struct {
	Memory  string     `json:"memory"`
	Version string     `json:"version"`
	Sum     string     `json:"sum"`
	Next    string     `json:"next,omitempty"` // the text that is on its way there
	Stamp   file.Stamp `json:"stamp"`
}

// recordSuffix ends the names of records; no slug has a dot.
const recordSuffix = ".json"

func readRecord(name string) (rec record, err error) {
	data, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(data, &rec)
	}
	if err != nil {
		return rec, fmt.Errorf("record of a mount: %w", err)
	}
	return rec, nil
}

func (m *mount) recordFile() string { return filepath.Join(m.home, m.slug+recordSuffix) }

// load reads the record, if there is one for this store. Without a good one
// every file is taken for the agent's. there tells whether the directory was.
func (m *mount) load(there bool) error {
	rec, err := readRecord(m.recordFile())
	fresh := record{Session: m.session, Store: m.store, Path: m.path, ReadOnly: m.readOnly, Boot: bootID(), Files: map[string]entry{}}
	if m.rec = fresh; errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || rec.Store != m.store {
		m.s.Log.Warn("the record of a mounted memory store is lost", "session", m.session, "store", m.store, "error", err)
		return m.clear()
	}
	m.rec.Written = rec.Written
	for path, e := range rec.Files {
		if memory.CheckPath(path) == nil {
			m.rec.Files[path] = e
		}
	}
	if rec.Boot != fresh.Boot || !there {
		return m.mend()
	}
	return nil
}

// clear empties a directory of which nothing is known, if nobody but the
// server can have written to it.
func (m *mount) clear() error {
	if !m.readOnly {
		return nil
	}
	d, err := m.root.Open(".")
	if err != nil {
		return err
	}
	names, err := d.Readdirnames(-1)
	err = errors.Join(err, d.Close())
	for _, name := range names {
		err = errors.Join(err, m.root.RemoveAll(name))
	}
	return err
}

// mend forgets files that a crash of the machine may have cost: what is not
// there was not deleted by the agent, and what is empty was put in place before
// its bytes were on disk.
func (m *mount) mend() error {
	for path, e := range m.rec.Files {
		info, err := m.root.Lstat(path[1:])
		if err == nil && info.Mode().IsRegular() && info.Size() == 0 && e.Sum != memory.Sum("") {
			if err = m.root.Remove(path[1:]); err == nil {
				err = fs.ErrNotExist
			}
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			delete(m.rec.Files, path)
		case err != nil:
			return err
		}
	}
	return nil
}

// save writes the record.
func (m *mount) save() error {
	data, err := json.Marshal(m.rec)
	if err != nil {
		return err
	}
	temp := m.recordFile() + ".new"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, m.recordFile())
}

// bootID is the kernel's name for the time since the machine was started; ""
// where it has none.
var bootID = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
})
