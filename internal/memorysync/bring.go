package memorysync

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// bring makes the directory show what is in the store, except where the agent
// has a file that is not saved.
func (m *mount) bring(ctx context.Context, v *sight) error {
	heads, err := m.heads(ctx)
	if err != nil {
		return err
	}
	var here []wire.Memory
	unshown := map[string]string{} // those that still have no file
	changed := false
	for _, path := range slices.Sorted(maps.Keys(heads)) {
		h := heads[path]
		e, known := m.rec.Files[path]
		_, unsaved := m.unsaved[path]
		switch {
		case known && e.Sum == h.ContentSHA256:
			if e.Version != h.MemoryVersionID || e.Memory != h.ID {
				e.Version, e.Memory = h.MemoryVersionID, h.ID
				m.rec.Files[path], changed = e, true
			}
		case !unsaved:
			here = append(here, h)
			if reason, ok := m.unshown[path]; ok {
				unshown[path] = reason
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(m.rec.Files)) {
		if _, ok := heads[path]; ok {
			continue
		}
		changed = true
		if _, unsaved := m.unsaved[path]; unsaved {
			delete(m.rec.Files, path)
		} else if err := m.withdraw(path); err != nil {
			return err
		}
	}
	m.unshown = unshown
	for len(here) > 0 {
		n := portion(here)
		if err := m.place(ctx, here[:n]); err != nil {
			return err
		}
		here = here[n:]
	}
	if !changed {
		return nil
	}
	return m.save()
}

// maxPortion and portionBytes bound the texts that are brought at once. The
// record is written twice for each portion.
const (
	maxPortion   = 1024
	portionBytes = 4 << 20
)

// portion is how many memories, of at least one, are brought next.
func portion(heads []wire.Memory) int {
	n := 1
	for bytes := heads[0].ContentSizeBytes; n < min(len(heads), maxPortion); n++ {
		if bytes += heads[n].ContentSizeBytes; bytes > portionBytes {
			break
		}
	}
	return n
}

// heads is the memories of the store by path.
func (m *mount) heads(ctx context.Context) (map[string]wire.Memory, error) {
	var rows []wire.Memory
	gone, archived := false, false
	err := m.s.DB.View(ctx, func(tx store.Tx) error {
		st, err := memorystore.Find(tx, m.store)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			gone = true
			return nil
		}
		archived = st.ArchivedAt != nil
		if err == nil {
			rows, err = store.MemoriesIn(tx, m.store, "", "", false, 0)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if gone && len(m.rec.Files) > 0 {
		m.note("", "is empty now, and what is written there is not saved", goneText)
	}
	m.gone, m.archived = gone, archived
	out := make(map[string]wire.Memory, len(rows))
	for _, h := range rows {
		out[h.Path] = h
	}
	return out, nil
}

// place shows the texts of memories. The record says what is on its way before
// anything is moved, so that it is not taken for the agent's after a crash.
func (m *mount) place(ctx context.Context, heads []wire.Memory) error {
	versions := make([]string, len(heads))
	for i, h := range heads {
		versions[i] = h.MemoryVersionID
	}
	var texts map[string]string
	err := m.s.DB.View(ctx, func(tx store.Tx) (err error) {
		texts, err = store.MemoryContents(tx, versions)
		return err
	})
	if err != nil {
		return err
	}
	for _, h := range heads {
		e := m.rec.Files[h.Path]
		e.Next = h.ContentSHA256
		m.rec.Files[h.Path] = e
	}
	if err := m.save(); err != nil {
		return err
	}
	for _, h := range heads {
		text, ok := texts[h.MemoryVersionID]
		if !ok { // changed since; whoever did it has poked
			m.again = true
			continue
		}
		if err := m.show(h, text); err != nil {
			return err
		}
	}
	return m.save()
}

// show puts the text of a memory in place.
func (m *mount) show(h wire.Memory, text string) error {
	e := m.rec.Files[h.Path]
	stamp, err := m.put(h.Path, e.Sum, text)
	switch {
	case err == nil:
		m.rec.Files[h.Path] = entry{Memory: h.ID, Version: h.MemoryVersionID, Sum: h.ContentSHA256, Stamp: stamp}
		delete(m.unshown, h.Path)
		return nil
	case servers(err):
		return err
	}
	if e.Next = ""; e.Sum == "" || errors.Is(err, fs.ErrNotExist) { // what was deleted a moment ago is shown again
		delete(m.rec.Files, h.Path)
	} else {
		m.rec.Files[h.Path] = e
	}
	if errors.Is(err, errMoving) || errors.Is(err, fs.ErrNotExist) {
		m.again = true
		return nil
	}
	if reason := reasonOf(err); m.unshown[h.Path] != reason {
		m.unshown[h.Path] = reason
		m.note(h.Path, "is a memory that can't be shown", reason)
	}
	return nil
}
