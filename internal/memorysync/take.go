package memorysync

import (
	"context"
	"errors"
	"slices"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// batch bounds the texts that are taken in one transaction.
const batch = 32

// maxWritten bounds the bytes of versions that an agent may leave through one
// mount, so that it can't fill the server's disk.
const maxWritten = 1 << 30

// perVersion is what a version takes besides its text.
const perVersion = 512

// take carries the agent's changes out: what is gone first, so that it makes
// room, and the rest in batches.
func (m *mount) take(ctx context.Context, d differences) error {
	for len(d.gone) > 0 || len(d.writes) > 0 {
		n := min(batch, len(d.writes))
		texts, err := m.read(d.writes[:n])
		if err != nil {
			return err
		}
		if err := m.commit(ctx, d.gone, texts); err != nil {
			return err
		}
		d.gone, d.writes = nil, d.writes[n:]
	}
	return nil
}

// worded is a write with its text.
type worded struct {
	write
	text string
}

// read reads texts again. What has changed since is left to the next pass.
func (m *mount) read(writes []write) (out []worded, err error) {
	for _, w := range writes {
		open, name := opener(m.root.OpenFile), w.path[1:]
		if w.relic != nil {
			open, name = m.openSide, w.relic.name
		}
		content, _, err := text(open, name)
		switch {
		case servers(err):
			return nil, err
		case err != nil || sumOf(content) != w.sum:
			m.again = true
		default:
			out = append(out, worded{w, content})
		}
	}
	return out, nil
}

// outcome is what became of the agent's changes.
type outcome struct {
	gone     bool // the store
	archived bool
	files    map[string]*entry // nil: forget the path
	refused  map[string]refusal
	kept     []string // deleted in vain
	written  int64
}

// commit takes changes in one transaction.
func (m *mount) commit(ctx context.Context, gone []string, texts []worded) error {
	if len(gone) == 0 && len(texts) == 0 {
		return nil
	}
	var out outcome
	err := m.s.DB.Update(ctx, func(tx store.Tx) error {
		out = outcome{files: map[string]*entry{}, refused: map[string]refusal{}}
		w, err := m.s.Memories.Open(tx, m.store, wire.SessionActor(m.session))
		if fault.KindOf(err) == fault.NotFound && err != nil {
			out.gone = true
			return nil
		}
		if err != nil {
			return err
		}
		t := taker{m: m, w: w, tx: tx, out: &out}
		out.archived = w.Store.ArchivedAt != nil
		for _, path := range gone {
			if err := t.remove(path); err != nil {
				return err
			}
		}
		for i := range texts {
			if err := t.put(&texts[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, w := range texts {
		if w.relic != nil {
			w.relic.sum, w.relic.stamp = w.sum, w.stamp
		}
	}
	m.gone, m.archived = out.gone, out.archived
	if out.gone {
		for _, w := range texts {
			m.refuse(w.path, goneText, w.sum)
		}
		return nil
	}
	for path, e := range out.files {
		delete(m.rec.Files, path)
		if e != nil {
			m.rec.Files[path] = *e
			delete(m.unsaved, path)
		}
	}
	for path, r := range out.refused {
		m.refuse(path, r.reason, r.sum)
	}
	for _, path := range out.kept {
		m.note(path, "was not deleted", archivedText)
	}
	m.rec.Written += out.written
	return m.save()
}

const (
	goneText     = "the memory store was deleted"
	archivedText = "the memory store is archived and takes no changes any more"
	writtenText  = "this session has written as much to the memory store as it may"
)

// taker takes changes within a transaction.
type taker struct {
	m   *mount
	w   *memorystore.Writer
	tx  store.Tx
	out *outcome
}

// remove takes a deletion. A memory that others changed meanwhile, or moved,
// stays.
func (t *taker) remove(path string) error {
	e := t.m.rec.Files[path]
	t.out.files[path] = nil
	head, err := store.GetMemory(t.tx, t.m.store, e.Memory)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case head.Path != path || head.MemoryVersionID != e.Version && head.ContentSHA256 != e.Sum:
		return nil
	case t.out.archived:
		t.out.kept = append(t.out.kept, path)
		return nil
	}
	t.out.written += perVersion
	return t.w.Delete(head)
}

// put takes a text.
func (t *taker) put(w *worded) error {
	switch {
	case t.out.archived:
		t.refuse(w, archivedText)
		return nil
	case t.m.rec.Written+t.out.written+int64(len(w.text)) > maxWritten:
		t.refuse(w, writtenText)
		return nil
	}
	head, err := t.save(w)
	switch {
	case err != nil && fault.KindOf(err) != fault.Internal:
		t.refuse(w, err.Error())
		return nil
	case err != nil:
		return err
	}
	if w.relic == nil {
		t.out.files[w.path] = &entry{Memory: head.ID, Version: head.MemoryVersionID, Sum: w.sum, Stamp: w.stamp}
	}
	return nil
}

// save takes a text, and perhaps a memory with it.
func (t *taker) save(w *worded) (wire.Memory, error) {
	if w.from != "" {
		head, err := t.moved(w)
		if err == nil || !errors.Is(err, errElse) {
			return head, err
		}
		if head, err = t.write(w); err != nil {
			return head, err
		}
		return head, t.remove(w.from)
	}
	return t.write(w)
}

// write makes w's text the content of the memory at its path, which may be
// new.
func (t *taker) write(w *worded) (wire.Memory, error) {
	head, err := store.MemoryAt(t.tx, t.m.store, w.path)
	switch {
	case errors.Is(err, store.ErrNotFound):
		head, err = t.w.Create(w.path, w.text)
	case err != nil || head.ContentSHA256 == w.sum:
		return head, err
	default:
		head, err = t.w.Save(head, w.path, w.text)
	}
	if err == nil {
		t.out.written += perVersion + int64(len(w.text))
	}
	return head, err
}

// errElse says that a file which was moved is no longer what was moved.
var errElse = errors.New("not a move any more")

// moved takes the move of a memory that nobody has touched meanwhile.
func (t *taker) moved(w *worded) (wire.Memory, error) {
	e := t.m.rec.Files[w.from]
	head, err := store.GetMemory(t.tx, t.m.store, e.Memory)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return head, errElse
	case err != nil:
		return head, err
	case head.Path != w.from || head.ContentSHA256 != e.Sum:
		return head, errElse
	}
	next, err := t.w.Save(head, w.path, w.text)
	if fault.KindOf(err) == fault.PathConflict && err != nil {
		return head, errElse
	}
	if err == nil {
		t.out.files[w.from] = nil
		t.out.written += perVersion + int64(len(w.text))
	}
	return next, err
}

// refuse leaves a text out. A memory whose file was moved in vain is shown
// again.
func (t *taker) refuse(w *worded, reason string) {
	t.out.refused[w.path] = refusal{reason, w.sum}
	if w.from != "" {
		t.out.files[w.from] = nil
	}
}

// complain takes note of what can't be a memory.
func (m *mount) complain(v *sight) {
	for path, reason := range v.odd {
		m.refuse(path, reason, "")
	}
}

// refuse notes that a file is not saved. The agent hears of it once for each
// state of the file.
func (m *mount) refuse(path, reason, sum string) {
	r := refusal{reason, sum}
	if m.unsaved[path] != r {
		m.unsaved[path] = r
		m.note(path, "was not saved", reason)
	}
}

// maxNotes bounds the notes that wait for the agent.
const maxNotes = 20

func (m *mount) note(path, what, reason string) {
	if len(m.notes) <= maxNotes {
		m.notes = append(m.notes, noteOf(m.path+path, what, reason))
	}
}

// takeNotes is the notes since it was last called.
func (m *mount) takeNotes() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.Clip(m.notes)
	if len(out) > maxNotes {
		out = append(out[:maxNotes], noteOf(m.path, "has more files that were not saved", "see the notes before"))
	}
	m.notes = nil
	return out
}
