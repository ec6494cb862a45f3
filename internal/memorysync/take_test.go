package memorysync

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// story is a store's versions as one line each.
func (r *rig) story(t failer, storeID string) string {
	t.Helper()
	var out []string
	for _, v := range r.versions(t, storeID) {
		line := v.Operation + " " + *v.Path
		if v.Content != nil {
			line += " " + *v.Content
		}
		out = append(out, line+" by "+v.CreatedBy.SessionID+v.CreatedBy.APIKeyID)
	}
	return strings.Join(out, "\n")
}

func open(t *testing.T) (*rig, *mount) {
	t.Helper()
	r := newRig(t)
	m := r.mount(t, "sesn_1", t.TempDir(), r.newStore(t), wire.MemoryReadWrite)
	t.Cleanup(func() {
		if err := m.close(); err != nil {
			t.Error(err)
		}
	})
	return r, m
}

func TestWhatAgentsDo(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, m *mount)
		want string // beyond the first versions
	}{
		"nothing":      {func(*testing.T, *mount) {}, ""},
		"create":       {func(t *testing.T, m *mount) { put(t, m, "/d/new", "x") }, "created /d/new x by sesn_1"},
		"empty":        {func(t *testing.T, m *mount) { put(t, m, "/new", "") }, "created /new  by sesn_1"},
		"modify":       {func(t *testing.T, m *mount) { put(t, m, "/a", "other") }, "modified /a other by sesn_1"},
		"touch":        {func(t *testing.T, m *mount) { put(t, m, "/a", "alpha") }, ""},
		"delete":       {func(t *testing.T, m *mount) { rm(t, m, "/a") }, "deleted /a by sesn_1"},
		"delete all":   {func(t *testing.T, m *mount) { rm(t, m, "/a"); rm(t, m, "/d") }, "deleted /a by sesn_1\ndeleted /d/b by sesn_1"},
		"move":         {func(t *testing.T, m *mount) { mv(t, m, "/a", "/z") }, "modified /z alpha by sesn_1"},
		"move deeper":  {func(t *testing.T, m *mount) { mv(t, m, "/a", "/t"); mkdir(t, m, "/a"); mv(t, m, "/t", "/a/a") }, "modified /a/a alpha by sesn_1"},
		"move over":    {func(t *testing.T, m *mount) { mv(t, m, "/a", "/d/b") }, "deleted /a by sesn_1\nmodified /d/b alpha by sesn_1"},
		"move a tree":  {func(t *testing.T, m *mount) { mv(t, m, "/d", "/e") }, "modified /e/b beta by sesn_1"},
		"copy":         {func(t *testing.T, m *mount) { put(t, m, "/copy", "alpha") }, "created /copy alpha by sesn_1"},
		"edit as sed":  {func(t *testing.T, m *mount) { put(t, m, "/sedX", "edited"); mv(t, m, "/sedX", "/a") }, "modified /a edited by sesn_1"},
		"edit as vim":  {func(t *testing.T, m *mount) { mv(t, m, "/a", "/a~"); put(t, m, "/a", "edited"); rm(t, m, "/a~") }, "modified /a edited by sesn_1"},
		"file to tree": {func(t *testing.T, m *mount) { rm(t, m, "/a"); put(t, m, "/a/x", "y") }, "deleted /a by sesn_1\ncreated /a/x y by sesn_1"},
		"tree to file": {func(t *testing.T, m *mount) { rm(t, m, "/d"); put(t, m, "/d", "y") }, "deleted /d/b by sesn_1\ncreated /d y by sesn_1"},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := open(t)
			r.save(t, m.store, "/a", "alpha")
			r.save(t, m.store, "/d/b", "beta")
			syncNow(t, m)
			before := r.story(t, m.store)
			c.do(t, m)
			syncNow(t, m)
			if got := strings.TrimPrefix(strings.TrimPrefix(r.story(t, m.store), before), "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if files, heads := tree(t, m.dir), r.heads(t, m.store); !maps.Equal(files, heads) {
				t.Errorf("files %v, memories %v", files, heads)
			}
			if notes := m.takeNotes(); notes != nil {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

func rm(t *testing.T, m *mount, path string) {
	t.Helper()
	if err := os.RemoveAll(m.dir + path); err != nil {
		t.Fatal(err)
	}
}

func mv(t *testing.T, m *mount, from, to string) {
	t.Helper()
	if err := os.Rename(m.dir+from, m.dir+to); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, m *mount, path string) {
	t.Helper()
	if err := os.Mkdir(m.dir+path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNotSaved(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, m *mount)
		note string
	}{
		"too large":    {func(t *testing.T, m *mount) { put(t, m, "/x", strings.Repeat("x", memory.MaxContent+1)) }, "/mnt/memory/notes/x was not saved: at most 102400 bytes"},
		"not UTF-8":    {func(t *testing.T, m *mount) { put(t, m, "/x", "\xff") }, "/mnt/memory/notes/x was not saved: must be UTF-8 text"},
		"NUL":          {func(t *testing.T, m *mount) { put(t, m, "/x", "a\x00") }, "must be text, without the character U+0000"},
		"line feed":    {func(t *testing.T, m *mount) { put(t, m, "/a\nb", "x") }, `"/mnt/memory/notes/a\nb" was not saved: must not have control characters`},
		"name bytes":   {func(t *testing.T, m *mount) { put(t, m, "/\xff", "x") }, `"/mnt/memory/notes/\xff" was not saved: must be UTF-8`},
		"not NFC":      {func(t *testing.T, m *mount) { put(t, m, "/u\u0308", "x") }, "must be in Unicode Normalization Form C"},
		"reserved":     {func(t *testing.T, m *mount) { put(t, m, "/"+memory.Marker, "x") }, "is reserved"},
		"a link":       {func(t *testing.T, m *mount) { os.Symlink("/etc/passwd", m.dir+"/x") }, "/x was not saved: it is not a regular file"},
		"too deep":     {func(t *testing.T, m *mount) { put(t, m, strings.Repeat("/d", 20)+"/x", "x") }, "the directory lies too deep"},
		"store's file": {func(t *testing.T, m *mount) { put(t, m, "/a", "\xff") }, "/mnt/memory/notes/a was not saved: must be UTF-8 text"},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := open(t)
			r.save(t, m.store, "/a", "alpha")
			syncNow(t, m)
			c.do(t, m)
			before := tree(t, m.dir)
			for i := range 3 {
				r.save(t, m.store, "/a", fmt.Sprint("alpha ", i))
				syncNow(t, m)
			}
			notes := m.takeNotes()
			if len(notes) != 1 || !strings.Contains(notes[0], c.note) {
				t.Errorf("notes %q, want one with %q", notes, c.note)
			}
			after := tree(t, m.dir)
			delete(before, "/a")
			if name != "store's file" {
				delete(after, "/a")
			} else if after["/a"] != "\xff" {
				t.Errorf("the agent's file was replaced by %q", after["/a"])
			}
			delete(after, "/a")
			if !maps.Equal(before, after) {
				t.Errorf("files %q, before %q", after, before)
			}
			if heads := r.heads(t, m.store); len(heads) != 1 {
				t.Errorf("memories %v", heads)
			}
		})
	}
}

// An agent that leads the server's eyes elsewhere is shown nothing.
func TestLinksAreNotFollowed(t *testing.T) {
	r, m := open(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.save(t, m.store, "/d/a", "alpha")
	syncNow(t, m)
	rm(t, m, "/d")
	for from, to := range map[string]string{"/link": secret, "/d": filepath.Dir(secret), "/up": "../.."} {
		if err := os.Symlink(to, m.dir+from); err != nil {
			t.Fatal(err)
		}
	}
	r.save(t, m.store, "/up/b", "beta")
	syncNow(t, m)
	for _, head := range r.list(t, m.store) {
		if strings.Contains(*head.Content, "secret") {
			t.Errorf("%s was read", head.Path)
		}
	}
	if files, err := filepath.Glob(filepath.Join(filepath.Dir(secret), "*")); err != nil || len(files) != 1 {
		t.Errorf("written outside: %v, %v", files, err)
	}
	notes := strings.Join(m.takeNotes(), "\n")
	if !strings.Contains(notes, "/mnt/memory/notes/up/b is a memory that can't be shown: something else is at its place") {
		t.Errorf("notes %s", notes)
	}
}

// The store is filled behind the mount's back: to show all of it takes long.
func TestAFullStore(t *testing.T) {
	r, m := open(t)
	fill := func(from, to int) {
		r.byAPI(t, m.store, func(w *memorystore.Writer, _ store.Tx) (err error) {
			for i := from; i < to && err == nil; i++ {
				_, err = w.Create(fmt.Sprintf("/%d", i), "x")
			}
			return err
		})
	}
	fill(0, 10)
	syncNow(t, m)
	fill(10, memory.MaxMemories)
	put(t, m, "/one-more", "text")
	put(t, m, "/7", "still editable")
	takeNow(t, m)
	if notes := m.takeNotes(); len(notes) != 1 || !strings.Contains(notes[0], "/one-more was not saved: the memory store holds 10000 memories") {
		t.Errorf("notes %q", notes)
	}
	rm(t, m, "/8") // makes room
	takeNow(t, m)
	if heads := r.heads(t, m.store); heads["/one-more"] != "text" || heads["/7"] != "still editable" || m.takeNotes() != nil {
		t.Errorf("the text is not in: %d", len(heads))
	}
}

// takeNow is the first half of a pass.
func takeNow(t *testing.T, m *mount) {
	t.Helper()
	v, err := m.look()
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.differences(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.take(ctx, d); err != nil {
		t.Fatal(err)
	}
}

func TestAnAgentWritesNoEnd(t *testing.T) {
	r, m := open(t)
	m.rec.Written = maxWritten - perVersion - 3
	put(t, m, "/a", "abc")
	syncNow(t, m)
	put(t, m, "/a", "abcd")
	syncNow(t, m)
	if notes := m.takeNotes(); len(notes) != 1 || !strings.Contains(notes[0], "/a was not saved: "+writtenText) || r.heads(t, m.store)["/a"] != "abc" {
		t.Errorf("notes %q", notes)
	}
}

// Of many refusals the agent hears a few.
func TestNotesAreBounded(t *testing.T) {
	_, m := open(t)
	for i := range 3 * maxNotes {
		put(t, m, fmt.Sprintf("/%02d", i), "\xff")
	}
	syncNow(t, m)
	if notes := m.takeNotes(); len(notes) != maxNotes+1 || !strings.Contains(notes[maxNotes], "more files that were not saved") {
		t.Errorf("%d notes: %q", len(notes), notes)
	}
}

func TestClosedStores(t *testing.T) {
	r, m := open(t)
	r.save(t, m.store, "/a", "alpha")
	r.save(t, m.store, "/b", "beta")
	syncNow(t, m)
	r.update(t, func(tx store.Tx) error {
		st, err := memorystore.Find(tx, m.store)
		if err != nil {
			return err
		}
		at := wire.Micros(9)
		st.ArchivedAt = &at
		return store.SaveMemoryStore(tx, st)
	})
	put(t, m, "/a", "other")
	rm(t, m, "/b")
	syncNow(t, m)
	syncNow(t, m)
	notes := m.takeNotes()
	slices.Sort(notes)
	if want := []string{"/mnt/memory/notes/a was not saved: " + archivedText + ".", "/mnt/memory/notes/b was not deleted: " + archivedText + "."}; !slices.Equal(notes, want) {
		t.Errorf("notes %q", notes)
	}
	if files := tree(t, m.dir); files["/a"] != "other" || files["/b"] != "beta" || !m.closed() {
		t.Errorf("files %v", files)
	}
	r.update(t, func(tx store.Tx) error { return store.DeleteMemoryStore(tx, m.store) })
	syncNow(t, m)
	if files := tree(t, m.dir); len(files) != 1 || files["/a"] != "other" {
		t.Errorf("files %v", files)
	}
	if notes := m.takeNotes(); !strings.Contains(strings.Join(notes, "\n"), "is empty now, and what is written there is not saved: "+goneText) {
		t.Errorf("notes %q", notes)
	}
	put(t, m, "/c", "new")
	syncNow(t, m)
	if notes := m.takeNotes(); len(notes) != 1 || !strings.Contains(notes[0], "/c was not saved: "+goneText) {
		t.Errorf("notes %q", notes)
	}
}
