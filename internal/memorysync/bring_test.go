package memorysync

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Both sides change the same memory between two passes.
func TestBothSidesAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		agent func(t *testing.T, m *mount)
		api   func(t *testing.T, r *rig, m *mount)
		want  string // versions beyond the first
		files map[string]string
	}{
		"write, write": {
			func(t *testing.T, m *mount) { put(t, m, "/a", "agent's") },
			func(t *testing.T, r *rig, m *mount) { r.save(t, m.store, "/a", "client's") },
			"modified /a client's by apikey_1\nmodified /a agent's by sesn_1", map[string]string{"/a": "agent's"},
		},
		"create, create": {
			func(t *testing.T, m *mount) { put(t, m, "/n", "agent's") },
			func(t *testing.T, r *rig, m *mount) { r.save(t, m.store, "/n", "client's") },
			"created /n client's by apikey_1\nmodified /n agent's by sesn_1", map[string]string{"/a": "alpha", "/n": "agent's"},
		},
		"the same text": {
			func(t *testing.T, m *mount) { put(t, m, "/n", "agreed") },
			func(t *testing.T, r *rig, m *mount) { r.save(t, m.store, "/n", "agreed") },
			"created /n agreed by apikey_1", map[string]string{"/a": "alpha", "/n": "agreed"},
		},
		"write, delete": {
			func(t *testing.T, m *mount) { put(t, m, "/a", "agent's") },
			func(t *testing.T, r *rig, m *mount) { r.remove(t, m.store, "/a") },
			"deleted /a by apikey_1\ncreated /a agent's by sesn_1", map[string]string{"/a": "agent's"},
		},
		"delete, write": {
			func(t *testing.T, m *mount) { rm(t, m, "/a") },
			func(t *testing.T, r *rig, m *mount) { r.save(t, m.store, "/a", "client's") },
			"modified /a client's by apikey_1", map[string]string{"/a": "client's"},
		},
		"delete, delete": {
			func(t *testing.T, m *mount) { rm(t, m, "/a") },
			func(t *testing.T, r *rig, m *mount) { r.remove(t, m.store, "/a") },
			"deleted /a by apikey_1", map[string]string{},
		},
		"move, write": {
			func(t *testing.T, m *mount) { mv(t, m, "/a", "/z") },
			func(t *testing.T, r *rig, m *mount) { r.save(t, m.store, "/a", "client's") },
			"modified /a client's by apikey_1\ncreated /z alpha by sesn_1", map[string]string{"/a": "client's", "/z": "alpha"},
		},
		"move, taken": {
			func(t *testing.T, m *mount) { mv(t, m, "/a", "/z") },
			func(t *testing.T, r *rig, m *mount) { r.save(t, m.store, "/z", "client's") },
			"created /z client's by apikey_1\nmodified /z alpha by sesn_1\ndeleted /a by sesn_1", map[string]string{"/z": "alpha"},
		},
		"write, move": {
			func(t *testing.T, m *mount) { put(t, m, "/a", "agent's") },
			func(t *testing.T, r *rig, m *mount) { apiMove(t, r, m, "/a", "/z") },
			"modified /z alpha by apikey_1\ncreated /a agent's by sesn_1", map[string]string{"/a": "agent's", "/z": "alpha"},
		},
		"delete, move": {
			func(t *testing.T, m *mount) { rm(t, m, "/a") },
			func(t *testing.T, r *rig, m *mount) { apiMove(t, r, m, "/a", "/z") },
			"modified /z alpha by apikey_1", map[string]string{"/z": "alpha"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := open(t)
			r.save(t, m.store, "/a", "alpha")
			syncNow(t, m)
			before := r.story(t, m.store)
			c.agent(t, m)
			c.api(t, r, m)
			syncNow(t, m)
			if got := strings.TrimPrefix(r.story(t, m.store), before+"\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if files, heads := tree(t, m.dir), r.heads(t, m.store); !maps.Equal(files, c.files) || !maps.Equal(heads, c.files) {
				t.Errorf("files %v, memories %v, want %v", files, heads, c.files)
			}
		})
	}
}

func apiMove(t *testing.T, r *rig, m *mount, from, to string) {
	t.Helper()
	r.byAPI(t, m.store, func(w *memorystore.Writer, tx store.Tx) error {
		head, err := store.MemoryAt(tx, m.store, from)
		if err == nil {
			_, err = w.Save(head, to, *head.Content)
		}
		return err
	})
}

// Programs that have a file open while others change it don't write into the
// void.
func TestOpenFilesAreReadOn(t *testing.T) {
	for name, change := range map[string]func(r *rig, m *mount){
		"replaced": func(r *rig, m *mount) { r.save(t, m.store, "/a", "client's") },
		"deleted":  func(r *rig, m *mount) { r.remove(t, m.store, "/a") },
	} {
		r, m := open(t)
		r.save(t, m.store, "/a", "alpha")
		syncNow(t, m)
		f, err := os.OpenFile(m.dir+"/a", os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		change(r, m)
		syncNow(t, m)
		if _, err := f.WriteString(" and on"); err != nil {
			t.Fatal(err)
		}
		f.Close()
		syncNow(t, m)
		if got := r.heads(t, m.store); got["/a"] != "alpha and on" || tree(t, m.dir)["/a"] != "alpha and on" {
			t.Errorf("%s: %v, %v", name, got, tree(t, m.dir))
		}
	}
}

// Relics are few.
func TestRelicsAreBounded(t *testing.T) {
	r, m := open(t)
	for i := range 2 * maxRelics {
		r.save(t, m.store, "/a", strings.Repeat("x", i))
		syncNow(t, m)
	}
	syncNow(t, m)
	names, err := os.ReadDir(m.side.Name())
	if err != nil || len(names) > maxRelics || len(m.attic) > maxRelics {
		t.Errorf("%d files, %d relics, %v", len(names), len(m.attic), err)
	}
}

// What can't be a file is told of, once, and shown when it can.
func TestWhatCantBeShown(t *testing.T) {
	r, m := open(t)
	long := "/" + strings.Repeat("x", 300)
	r.save(t, m.store, long, "long")
	mkdir(t, m, "/empty")
	mkdir(t, m, "/dir")
	put(t, m, "/dir/\xff", "unsaved")
	r.save(t, m.store, "/empty", "an empty directory gives way")
	r.save(t, m.store, "/dir", "another doesn't")
	syncNow(t, m)
	syncNow(t, m)
	notes := strings.Join(m.takeNotes(), "\n")
	if strings.Count(notes, "its name is too long for a file") != 1 || strings.Count(notes, "/dir is a memory that can't be shown: something else is at its place") != 1 {
		t.Errorf("notes %s", notes)
	}
	rm(t, m, "/dir")
	syncNow(t, m)
	if files := tree(t, m.dir); len(files) != 2 || files["/empty"] == "" || files["/dir"] == "" {
		t.Errorf("files %q", files)
	}
	if len(r.heads(t, m.store)) != 3 {
		t.Error("a memory was deleted that couldn't be shown")
	}
}

// The agent itself writes the file of a memory that couldn't be shown. Should
// something be in its way again, the agent hears of it again.
func TestWhatCouldNotBeShownIsWritten(t *testing.T) {
	for name, text := range map[string]string{"another text": "agent's", "the same text": "client's", "not a text": "\xff"} {
		t.Run(name, func(t *testing.T) {
			r, m := open(t)
			block := func(head string) {
				t.Helper()
				rm(t, m, "/a")
				put(t, m, "/a", "in the way")
				r.save(t, m.store, "/a/b/c", head)
				syncNow(t, m)
				if notes := strings.Join(m.takeNotes(), "\n"); !strings.Contains(notes, "/a/b/c is a memory that can't be shown: something else is at its place") {
					t.Errorf("notes %s", notes)
				}
			}
			block("client's")
			rm(t, m, "/a")
			put(t, m, "/a/b/c", text)
			syncNow(t, m)
			if files, saved := tree(t, m.dir), r.heads(t, m.store)["/a/b/c"]; files["/a/b/c"] != text || len(m.unshown) > 0 || saved != text && len(m.unsaved) == 0 {
				t.Errorf("shows %q, the store holds %q; unsaved %v, unshown %v", files, saved, m.unsaved, m.unshown)
			}
			block("client's second")
		})
	}
}

// A read-only mount shows the store, whatever is in its directory.
func TestReadOnlyMounts(t *testing.T) {
	r := newRig(t)
	id, home := r.newStore(t), t.TempDir()
	r.save(t, id, "/a", "alpha")
	m := r.mount(t, "sesn_1", home, id, wire.MemoryReadOnly)
	put(t, m, "/a", "forged")
	put(t, m, "/b", "forged")
	r.save(t, id, "/a", "beta")
	syncNow(t, m)
	if heads := r.heads(t, id); len(heads) != 1 || heads["/a"] != "beta" || tree(t, m.dir)["/a"] != "beta" {
		t.Errorf("memories %v, files %v", heads, tree(t, m.dir))
	}
	if err := m.close(); err != nil {
		t.Fatal(err)
	}
	// Without its record everything is put there anew.
	if err := os.WriteFile(m.recordFile(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	m = r.mount(t, "sesn_1", home, id, wire.MemoryReadOnly)
	if files := tree(t, m.dir); !maps.Equal(files, map[string]string{"/a": "beta"}) {
		t.Errorf("files %v", files)
	}
	if err := m.close(); err != nil {
		t.Fatal(err)
	}
}

// A crash of the machine may leave files empty, or not at all, that the server
// put in place.
func TestAfterAnotherBoot(t *testing.T) {
	r := newRig(t)
	id, home := r.newStore(t), t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		r.save(t, id, "/"+name, "text of "+name)
	}
	m := r.mount(t, "sesn_1", home, id, wire.MemoryReadWrite)
	put(t, m, "/a", "")
	rm(t, m, "/b")
	put(t, m, "/d", "the agent's last")
	m.rec.Boot = "another"
	if err := errors.Join(m.save(), m.close()); err != nil {
		t.Fatal(err)
	}
	m, err := reopenMount(r.Service, m.recordFile())
	if err != nil {
		t.Fatal(err)
	}
	syncNow(t, m)
	want := map[string]string{"/a": "text of a", "/b": "text of b", "/c": "text of c", "/d": "the agent's last"}
	if heads := r.heads(t, id); !maps.Equal(heads, want) || !maps.Equal(tree(t, m.dir), want) {
		t.Errorf("memories %v, files %v", heads, tree(t, m.dir))
	}
	// Nor is a directory that is gone the agent's doing.
	if err := errors.Join(m.close(), os.RemoveAll(m.dir)); err != nil {
		t.Fatal(err)
	}
	m = r.mount(t, "sesn_1", home, id, wire.MemoryReadWrite)
	if heads := r.heads(t, id); !maps.Equal(heads, want) || !maps.Equal(tree(t, m.dir), want) {
		t.Errorf("memories %v, files %v", heads, tree(t, m.dir))
	}
	if err := m.close(); err != nil {
		t.Fatal(err)
	}
}

// The server dies between saying what it brings and knowing that it came.
func TestCrashWhileBringing(t *testing.T) {
	r, m := open(t)
	r.save(t, m.store, "/a", "alpha")
	syncNow(t, m)
	e := m.rec.Files["/a"]
	e.Next = memory.Sum("beta")
	m.rec.Files["/a"] = e
	put(t, m, "/a", "beta") // by the server
	r.save(t, m.store, "/a", "beta")
	r.save(t, m.store, "/a", "gamma")
	syncNow(t, m)
	if got := r.heads(t, m.store)["/a"]; got != "gamma" || tree(t, m.dir)["/a"] != "gamma" {
		t.Errorf("the server's own text was taken for the agent's: %s", r.story(t, m.store))
	}
}

func TestPortion(t *testing.T) {
	sized := func(n int, bytes int64) []wire.Memory {
		return slices.Repeat([]wire.Memory{{ContentSizeBytes: bytes}}, n)
	}
	for _, c := range []struct {
		heads []wire.Memory
		want  int
	}{
		{sized(1, 0), 1},
		{sized(1, portionBytes+1), 1},
		{sized(3, 100), 3},
		{sized(maxPortion+1, 0), maxPortion},
		{sized(100, memory.MaxContent), portionBytes / memory.MaxContent},
	} {
		if n := portion(c.heads); n != c.want {
			t.Errorf("%d of %d bytes: %d, want %d", len(c.heads), c.heads[0].ContentSizeBytes, n, c.want)
		}
	}
}

// What is brought in several portions is all there.
func TestBringsMoreThanAPortion(t *testing.T) {
	r, m := open(t)
	r.byAPI(t, m.store, func(w *memorystore.Writer, _ store.Tx) (err error) {
		for i := 0; i < maxPortion+2 && err == nil; i++ {
			_, err = w.Create(fmt.Sprintf("/%d", i), "x")
		}
		return err
	})
	syncNow(t, m)
	if files := tree(t, m.dir); len(files) != maxPortion+2 {
		t.Fatalf("%d files", len(files))
	}
}
