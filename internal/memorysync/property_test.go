package memorysync

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Two agents and a client of the API change a store in any order, with editors
// of several habits, crashes of the server and descriptors that stay open. Every
// text that was there when a pass looked is a version by who wrote it, and in the
// end both mounts show what is in the store.
func TestNoTextIsLost(t *testing.T) {
	r := newRig(t)
	rapid.Check(t, func(t *rapid.T) { newWorld(t, r, []string{"/a", "/b", "/d/c", "/d/e", "/d/f/g"}).play(t, true) })
}

// The same where paths stand in each other's way: what can't be saved or shown
// is told of.
func TestPathsInTheWay(t *testing.T) {
	r := newRig(t)
	rapid.Check(t, func(t *rapid.T) { newWorld(t, r, []string{"/a", "/a/b", "/a/b/c", "/d"}).play(t, false) })
}

type world struct {
	r      *rig
	store  string
	paths  []string
	homes  [2]string
	mounts [2]*mount
	writer map[string]wire.Actor // by text, all of which differ
	open   []held
	seen   map[string]bool   // texts that a pass saw
	late   map[string]string // the paths of texts that were written to open files
	told   map[string]bool   // sums of texts of which agents were told
	notes  string            // all that they were told
	serial int
}

// held is a file that a program of a sandbox has open.
type held struct {
	who  int
	file *os.File
	path string
}

func newWorld(t *rapid.T, r *rig, paths []string) *world {
	w := &world{r: r, store: r.newStore(t), paths: paths, writer: map[string]wire.Actor{}, seen: map[string]bool{}, late: map[string]string{}, told: map[string]bool{}}
	for i := range w.mounts {
		home, err := os.MkdirTemp("", "memorysync")
		if err != nil {
			t.Fatal(err)
		}
		w.homes[i] = home
		w.mounts[i] = r.mount(t, w.session(i), home, w.store, wire.MemoryReadWrite)
	}
	return w
}

func (w *world) session(i int) string { return fmt.Sprintf("sesn_%d", i) }

func (w *world) text(by wire.Actor) string {
	w.serial++
	text := fmt.Sprintf("text %d", w.serial)
	w.writer[text] = by
	return text
}

func (w *world) play(t *rapid.T, free bool) {
	defer func() {
		for i, m := range w.mounts {
			if err := errors.Join(m.close(), os.RemoveAll(w.homes[i])); err != nil {
				t.Error(err)
			}
		}
		for _, h := range w.open {
			h.file.Close()
		}
	}()
	path := func() string { return rapid.SampledFrom(w.paths).Draw(t, "path") }
	who := func() int { return rapid.IntRange(0, 1).Draw(t, "who") }
	t.Repeat(map[string]func(*rapid.T){
		"write": func(t *rapid.T) { w.write(path(), who(), rapid.Bool().Draw(t, "by rename")) },
		"remove": func(t *rapid.T) {
			os.Remove(w.mounts[who()].dir + path()) // if it is there
		},
		"move": func(t *rapid.T) {
			m := w.mounts[who()]
			to := m.dir + path()
			os.MkdirAll(filepath.Dir(to), 0o755) // if nothing is in the way
			os.Rename(m.dir+path(), to)
		},
		"hold": func(t *rapid.T) {
			i := who()
			p := path()
			if f, err := os.OpenFile(w.mounts[i].dir+p, os.O_WRONLY, 0); err == nil {
				w.open = append(w.open, held{i, f, p})
			}
		},
		"write what is held": func(t *rapid.T) {
			if len(w.open) == 0 {
				t.Skip()
			}
			h := rapid.SampledFrom(w.open).Draw(t, "file")
			text := w.text(wire.SessionActor(w.session(h.who)))
			w.late[text] = h.path
			h.file.Truncate(0)
			h.file.WriteAt([]byte(text), 0)
		},
		"api save":   func(t *rapid.T) { w.apiSave(path()) },
		"api remove": func(t *rapid.T) { w.r.remove(t, w.store, path()) },
		"api move":   func(t *rapid.T) { w.apiMove(path(), path()) },
		"pass":       func(t *rapid.T) { w.pass(t, who()) },
		"crash": func(t *rapid.T) {
			i := who()
			w.drop(i) // the sandbox dies with the server
			if err := w.mounts[i].close(); err != nil {
				t.Fatal(err)
			}
			w.look(t, i)
			w.mounts[i] = w.r.mount(t, w.session(i), w.homes[i], w.store, wire.MemoryReadWrite)
		},
		"": func(t *rapid.T) { w.check(t) },
	})
	for range 3 {
		w.pass(t, 0)
		w.pass(t, 1)
	}
	w.check(t)
	heads := w.r.heads(t, w.store)
	for i, m := range w.mounts {
		files := tree(t, m.dir)
		if free && (len(m.unsaved) > 0 || len(m.unshown) > 0) {
			t.Fatalf("mount %d: unsaved %v, unshown %v", i, m.unsaved, m.unshown)
		}
		shown, want := maps.Clone(files), maps.Clone(heads)
		for p := range m.unsaved {
			if files[p] == "" {
				t.Fatalf("mount %d shows %v: no %s that is not saved", i, files, p)
			}
			delete(shown, p)
			delete(want, p)
		}
		for p := range m.unshown {
			if heads[p] == "" || files[p] != "" {
				t.Fatalf("mount %d shows %v, the store holds %v: %s is said not to be shown", i, files, heads, p)
			}
			delete(want, p)
		}
		if !maps.Equal(shown, want) {
			t.Fatalf("mount %d shows %v, the store holds %v; unsaved %v, unshown %v", i, files, heads, m.unsaved, m.unshown)
		}
	}
}

func (w *world) write(path string, i int, byRename bool) {
	m := w.mounts[i]
	text := w.text(wire.SessionActor(w.session(i)))
	to := m.dir + path
	if os.MkdirAll(filepath.Dir(to), 0o755) != nil {
		return // a file is in the way
	}
	if byRename {
		temp := to + ".tmp"
		if os.WriteFile(temp, []byte(text), 0o644) == nil && os.Rename(temp, to) != nil {
			os.Remove(temp)
		}
		return
	}
	os.WriteFile(to, []byte(text), 0o644) // unless a directory is there
}

func (w *world) apiSave(path string) {
	text := w.text(apiActor)
	_ = w.r.DB.Update(ctx, func(tx store.Tx) error { // refused if a path is in the way
		writer, err := w.r.Memories.Open(tx, w.store, apiActor)
		if err != nil {
			return err
		}
		head, err := store.MemoryAt(tx, w.store, path)
		if err == nil {
			_, err = writer.Save(head, path, text)
		} else {
			_, err = writer.Create(path, text)
		}
		w.seen[text] = err == nil
		return err
	})
}

func (w *world) apiMove(from, to string) {
	_ = w.r.DB.Update(ctx, func(tx store.Tx) error { // refused if a path is in the way
		writer, err := w.r.Memories.Open(tx, w.store, apiActor)
		if err != nil || from == to {
			return err
		}
		head, err := store.MemoryAt(tx, w.store, from)
		if err == nil {
			_, err = writer.Save(head, to, *head.Content)
		}
		return err
	})
}

// drop closes what an agent's programs have open.
func (w *world) drop(i int) {
	kept := w.open[:0]
	for _, h := range w.open {
		if h.who == i {
			h.file.Close()
		} else {
			kept = append(kept, h)
		}
	}
	w.open = kept
}

func (w *world) pass(t *rapid.T, i int) {
	w.look(t, i)
	syncNow(t, w.mounts[i])
}

// look notes the texts that a pass will see.
func (w *world) look(t *rapid.T, i int) {
	for _, r := range w.mounts[i].attic { // through descriptors of what was replaced
		if text, _, err := text(w.mounts[i].openSide, r.name); err == nil && sumOf(text) != r.sum && w.writer[text] == wire.SessionActor(w.session(i)) {
			w.seen[text] = true
		}
	}
	for path, text := range tree(t, w.mounts[i].dir) {
		if w.writer[text] == wire.SessionActor(w.session(i)) && w.mounts[i].unsaved[path].sum != sumOf(text) {
			w.seen[text] = true
		}
	}
}

// check holds every text that was seen to being a version, or to having been
// told of.
func (w *world) check(t *rapid.T) {
	for _, m := range w.mounts {
		for _, r := range m.unsaved {
			w.told[r.sum] = len(m.notes) > 0 || w.told[r.sum]
		}
		w.notes += strings.Join(m.takeNotes(), "\n")
	}
	versions := w.r.versions(t, w.store)
	for text, seen := range w.seen {
		by := w.writer[text]
		if !seen || saidBy(versions, text, by) {
			continue
		}
		if path := w.late[text]; w.told[sumOf(text)] || path != "" && strings.Contains(w.notes, path+" was not saved") {
			continue
		}
		t.Fatalf("%q by %v is in no version", text, by)
	}
}
