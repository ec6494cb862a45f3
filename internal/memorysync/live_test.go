package memorysync

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// attach gives a session stores.
func (r *rig) attach(t *testing.T, session, access string, stores ...string) {
	t.Helper()
	plan := resource.Plan{SessionID: session}
	for i, id := range stores {
		path := fmt.Sprintf("/mnt/memory/s%d", i)
		plan.Items = append(plan.Items, resource.Item{ID: r.source.New(ids.Resource), Type: wire.ResourceMemoryStore, MountPath: path,
			Memory: &wire.MemoryStoreResource{Type: wire.ResourceMemoryStore, MemoryStoreID: id, Access: access, MountPath: path}})
	}
	r.update(t, func(tx store.Tx) error { return store.InsertResources(tx, plan, 1) })
}

// mounts is the host directories of a session's stores.
func (r *rig) mounts(t *testing.T, session, dir string) []string {
	t.Helper()
	got, err := r.Mounts(t.Context(), session, dir)
	if err != nil || len(got) == 0 {
		t.Fatal(got, err)
	}
	if top := got[0]; top.Path != "/mnt/memory" || !top.ReadOnly {
		t.Errorf("top %+v", top)
	}
	var out []string
	for _, m := range got[1:] {
		out = append(out, m.Source)
	}
	return out
}

func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not after ten seconds: %s", what)
		}
	}
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func reads(file, text string) func() bool {
	return func() bool {
		data, err := os.ReadFile(file)
		return err == nil && string(data) == text
	}
}

func TestLiveMounts(t *testing.T) {
	r := newRig(t)
	one, two := r.newStore(t), r.newStore(t)
	r.save(t, one, "/a", "alpha")
	r.attach(t, "sesn_1", wire.MemoryReadWrite, one, two)
	r.attach(t, "sesn_2", wire.MemoryReadOnly, one)
	dir1, dir2 := t.TempDir(), t.TempDir()
	m1, m2 := r.mounts(t, "sesn_1", dir1), r.mounts(t, "sesn_2", dir2)
	if len(m1) != 2 || len(m2) != 1 || !reads(m1[0]+"/a", "alpha")() || !reads(m2[0]+"/a", "alpha")() {
		t.Fatalf("%v, %v", tree(t, m1[0]), tree(t, m2[0]))
	}
	// What an agent writes is stored and shown elsewhere, in new directories
	// too, and nobody has to ask.
	writeFile(t, m1[0]+"/d/e/b", "beta")
	await(t, "the other mount has the text", reads(m2[0]+"/d/e/b", "beta"))
	writeFile(t, m1[0]+"/d/e/c", "gamma")
	await(t, "the store has the text", func() bool { return r.heads(t, one)["/d/e/c"] == "gamma" })
	writeFile(t, m1[1]+"/other", "delta")
	await(t, "the other store has the text", func() bool { return r.heads(t, two)["/other"] == "delta" })
	r.save(t, one, "/a", "by a client")
	await(t, "mounts have the client's text", func() bool {
		return reads(m1[0]+"/a", "by a client")() && reads(m2[0]+"/a", "by a client")()
	})
	// Editors leave one version.
	before := len(r.versions(t, one))
	writeFile(t, m1[0]+"/.a.swp", "edited")
	if err := os.Rename(m1[0]+"/.a.swp", m1[0]+"/a"); err != nil {
		t.Fatal(err)
	}
	await(t, "the edit is stored", func() bool { return r.heads(t, one)["/a"] == "edited" })
	if story := r.versions(t, one); len(story) > before+2 { // one, but for a machine that is slower than Quiet
		t.Errorf("%s", r.story(t, one))
	}
	writeFile(t, m1[0]+"/bad", "\xff")
	if err := r.Sync(t.Context(), "sesn_1"); err != nil {
		t.Fatal(err)
	}
	if notes := r.Notes("sesn_1"); len(notes) != 1 || !strings.Contains(notes[0], "/mnt/memory/s0/bad was not saved") || r.Notes("sesn_1") != nil {
		t.Errorf("notes %q", notes)
	}
	// The end takes what is left, and nothing happens after it.
	writeFile(t, m1[0]+"/last", "words")
	if err := errors.Join(r.Leave(t.Context(), "sesn_1"), r.Leave(t.Context(), "sesn_1")); err != nil {
		t.Fatal(err)
	}
	if r.heads(t, one)["/last"] != "words" {
		t.Error("the last words are lost")
	}
	if _, err := os.Stat(filepath.Join(dir1, homeDir, liveFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("live: %v", err)
	}
	r.save(t, one, "/a", "unseen")
	await(t, "the other mount goes on", reads(m2[0]+"/a", "unseen"))
	if !reads(m1[0]+"/a", "edited")() {
		t.Error("a mount that was left is written to")
	}
	// The next sandbox finds what happened meanwhile.
	if m := r.mounts(t, "sesn_1", dir1); m[0] != m1[0] || !reads(m[0]+"/a", "unseen")() {
		t.Errorf("%v", tree(t, m[0]))
	}
	if got, err := r.Mounts(t.Context(), "sesn_3", t.TempDir()); got != nil || err != nil {
		t.Errorf("a session without stores: %v, %v", got, err)
	}
}

// Where the kernel can't tell of changes they are looked for.
func TestWithoutWatches(t *testing.T) {
	r := newRig(t)
	if err := r.watches.close(); err != nil {
		t.Fatal(err)
	}
	r.watches = nil
	id := r.newStore(t)
	r.attach(t, "sesn_1", wire.MemoryReadWrite, id)
	m := r.mounts(t, "sesn_1", t.TempDir())
	writeFile(t, m[0]+"/a", "alpha")
	await(t, "the store has the text", func() bool { return r.heads(t, id)["/a"] == "alpha" })
	writeFile(t, m[0]+"/a", "beta")
	await(t, "the store has the next one", func() bool { return r.heads(t, id)["/a"] == "beta" })
}

// The server is killed, and started again.
func TestRecover(t *testing.T) {
	r := newRig(t)
	id, root := r.newStore(t), t.TempDir()
	r.save(t, id, "/a", "alpha")
	r.save(t, id, "/b", "beta")
	r.attach(t, "sesn_1", wire.MemoryReadWrite, id)
	dir := filepath.Join(root, "sbx_1")
	m := r.mounts(t, "sesn_1", dir)
	// A copy of the directory is what a killed server would leave behind.
	killed := filepath.Join(root, "killed", "sbx_1")
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	left := killed + strings.TrimPrefix(m[0], dir)
	writeFile(t, left+"/c", "written at last")
	writeFile(t, left+"/a", "changed at last")
	if err := os.Remove(left + "/b"); err != nil {
		t.Fatal(err)
	}
	if err := r.Leave(t.Context(), "sesn_1"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Recover(t.Context(), filepath.Join(root, "killed")); err != nil {
			t.Fatal(err)
		}
	}
	if heads := r.heads(t, id); !maps.Equal(heads, map[string]string{"/a": "changed at last", "/c": "written at last"}) {
		t.Errorf("%v\n%s", heads, r.story(t, id))
	}
	if !saidBy(r.versions(t, id), "written at last", wire.SessionActor("sesn_1")) {
		t.Error(r.story(t, id))
	}
	// One that nobody left alive is not looked at.
	writeFile(t, left+"/d", "later")
	if err := r.Recover(t.Context(), filepath.Join(root, "killed")); err != nil || r.heads(t, id)["/d"] != "" {
		t.Errorf("looked at: %v", err)
	}
}
