package memorysync

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/memory"
)

// passes bounds how often sync looks again at a directory that doesn't stand
// still; the next sync goes on.
const passes = 5

// sync makes passes over the mount until nothing is left to do.
func (m *mount) sync(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.due.Store(false)
	for range passes {
		m.again = false
		if err := m.pass(ctx); err != nil || !m.again {
			return err
		}
	}
	time.AfterFunc(retry, m.poke)
	return nil
}

// pass takes what the agent changed and brings what others changed.
func (m *mount) pass(ctx context.Context) error {
	v, err := m.look()
	if err != nil {
		return err
	}
	if !m.readOnly {
		d, err := m.differences(v)
		if err != nil {
			return err
		}
		if err := m.take(ctx, d); err != nil {
			return err
		}
		m.complain(v)
	}
	return m.bring(ctx, v)
}

// write is a text that the agent left at a path.
type write struct {
	path  string
	from  string // the path of the memory that was moved here, or ""
	sum   string
	stamp file.Stamp
	relic *relic // where the text is, if not at path
}

// differences is what the agent changed: memories whose files are gone, and
// texts, relics first.
type differences struct {
	gone   []string
	writes []write
}

// differences compares what is there with the record.
func (m *mount) differences(v *sight) (d differences, err error) {
	if d.writes, err = m.relics(); err != nil {
		return d, err
	}
	late := len(d.writes)
	maps.DeleteFunc(m.unsaved, func(path string, _ refusal) bool {
		_, there := v.files[path]
		return !there && v.odd[path] == ""
	})
	for _, path := range slices.Sorted(maps.Keys(v.files)) {
		w, err := m.compare(path, v.files[path])
		if err != nil {
			return d, err
		}
		if w != nil {
			d.writes = append(d.writes, *w)
		}
	}
	if !v.whole {
		return d, nil
	}
	for _, path := range slices.Sorted(maps.Keys(m.rec.Files)) {
		if _, there := v.files[path]; !there {
			d.gone = append(d.gone, path)
		}
	}
	for i := late; i < len(d.writes); i++ {
		d.move(&d.writes[i], m.rec.Files)
	}
	return d, nil
}

// compare is what the agent wrote into a file; nil if the file is as the
// record says, can't be a memory, or changes right now.
func (m *mount) compare(path string, stamp file.Stamp) (*write, error) {
	e, known := m.rec.Files[path]
	if known && same(e.Stamp, stamp) {
		delete(m.unsaved, path)
		return nil, nil
	}
	err := memory.CheckPath(path)
	if err != nil {
		m.refuse(path, err.Error(), "")
		return nil, nil
	}
	content, stamp, err := text(m.root.OpenFile, path[1:])
	switch {
	case err == nil:
	case servers(err):
		return nil, err
	case errors.Is(err, errMoving) || errors.Is(err, fs.ErrNotExist):
		m.again = true
		return nil, nil
	default:
		m.refuse(path, "it can't be read", "")
		return nil, nil
	}
	sum := sumOf(content)
	if known && (sum == e.Sum || sum == e.Next) {
		if sum != e.Sum {
			e.Version = "" // it came in before the record could say so
		}
		e.Sum, e.Next, e.Stamp = sum, "", stamp
		m.rec.Files[path] = e
		delete(m.unsaved, path)
		return nil, nil
	}
	if err := memory.CheckContent(content); err != nil {
		m.refuse(path, err.Error(), sum)
		return nil, nil
	}
	return &write{path: path, sum: sum, stamp: stamp}, nil
}

// move makes a new text the new place of a memory that is gone from where it
// was, if it has the same text. Empty texts are all the same, so that the file
// must be too.
func (d *differences) move(w *write, files map[string]entry) {
	if _, known := files[w.path]; known {
		return
	}
	best := -1
	for i, path := range d.gone {
		e := files[path]
		switch {
		case e.Sum != w.sum || e.Version == "":
		case e.Stamp.Inode == w.stamp.Inode:
			best = i
		case best < 0 && w.sum != memory.Sum(""):
			best = i
		}
	}
	if best >= 0 {
		w.from = d.gone[best]
		d.gone = slices.Delete(d.gone, best, best+1)
	}
}
