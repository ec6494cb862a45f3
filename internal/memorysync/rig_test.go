package memorysync

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

// rig is stores and the service that mounts them.
type rig struct {
	*Service
	source *ids.Random
}

var apiActor = wire.APIActor("apikey_1")

var ctx = context.Background()

func newRig(t *testing.T) *rig {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ostler.db"))
	if err != nil {
		t.Fatal(err)
	}
	source := new(ids.Random)
	memories := memorystore.New(memorystore.Config{DB: db, IDs: source, Now: time.Now})
	s := New(Config{DB: db, Memories: memories, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Quiet: time.Millisecond, Late: 20 * time.Millisecond})
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return &rig{s, source}
}

// newStore makes a store.
func (r *rig) newStore(t failer) string {
	t.Helper()
	st := wire.MemoryStore{ID: r.source.New(ids.MemoryStore), Name: "Notes", CreatedAt: wire.Micros(1), UpdatedAt: wire.Micros(1)}
	r.update(t, func(tx store.Tx) error { return store.InsertMemoryStore(tx, st) })
	return st.ID
}

func (r *rig) update(t failer, f func(tx store.Tx) error) {
	t.Helper()
	if err := r.DB.Update(context.Background(), f); err != nil {
		t.Fatalf("%v", err)
	}
}

// mount opens a store's directory for a session below dir, without anyone who
// keeps it in step.
func (r *rig) mount(t failer, session, dir, storeID, access string) *mount {
	t.Helper()
	m, err := openMount(r.Service, session, dir, &wire.MemoryStoreResource{MemoryStoreID: storeID, MountPath: "/mnt/memory/notes", Access: access})
	if err != nil {
		t.Fatalf("%v", err)
	}
	syncNow(t, m)
	return m
}

func syncNow(t failer, m *mount) {
	t.Helper()
	if err := m.sync(context.Background()); err != nil {
		t.Fatalf("sync: %v", err)
	}
}

// heads is the store's texts by path.
func (r *rig) heads(t failer, storeID string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, m := range r.list(t, storeID) {
		out[m.Path] = *m.Content
	}
	return out
}

func (r *rig) list(t failer, storeID string) (out []wire.Memory) {
	t.Helper()
	err := r.DB.View(context.Background(), func(tx store.Tx) (err error) {
		out, err = store.MemoriesIn(tx, storeID, "", "", true, 0)
		return err
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// versions is the versions of a store, the oldest first.
func (r *rig) versions(t failer, storeID string) (out []wire.MemoryVersion) {
	t.Helper()
	err := r.DB.View(context.Background(), func(tx store.Tx) (err error) {
		out, err = store.ListMemoryVersions(tx, storeID, store.VersionFilter{Full: true, Created: page.Everything}, page.Range{Order: page.Asc, Limit: 100_000})
		return err
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// saidBy tells whether a version by an actor has a text.
func saidBy(versions []wire.MemoryVersion, text string, by wire.Actor) bool {
	return slices.ContainsFunc(versions, func(v wire.MemoryVersion) bool {
		return v.Content != nil && *v.Content == text && *v.CreatedBy == by
	})
}

// tree is the regular files below a directory by their paths in the store.
func tree(t failer, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(p)
		out[p[len(dir):]] = string(data)
		return err
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// put writes a file as a shell's redirection does.
func put(t failer, m *mount, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(m.dir+path), 0o755), os.WriteFile(m.dir+path, []byte(text), 0o644)); err != nil {
		t.Fatalf("%v", err)
	}
}

// byAPI makes a change as a client of the API does.
func (r *rig) byAPI(t failer, storeID string, f func(w *memorystore.Writer, tx store.Tx) error) {
	t.Helper()
	r.update(t, func(tx store.Tx) error {
		w, err := r.Memories.Open(tx, storeID, apiActor)
		if err != nil {
			return err
		}
		return f(w, tx)
	})
}

// save creates or updates a memory by the API.
func (r *rig) save(t failer, storeID, path, text string) {
	t.Helper()
	r.byAPI(t, storeID, func(w *memorystore.Writer, tx store.Tx) error {
		head, err := store.MemoryAt(tx, storeID, path)
		if errors.Is(err, store.ErrNotFound) {
			_, err = w.Create(path, text)
			return err
		}
		if err == nil && *head.Content != text {
			_, err = w.Save(head, path, text)
		}
		return err
	})
}

// remove deletes a memory by the API, if it is there.
func (r *rig) remove(t failer, storeID, path string) {
	t.Helper()
	r.byAPI(t, storeID, func(w *memorystore.Writer, tx store.Tx) error {
		head, err := store.MemoryAt(tx, storeID, path)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return errors.Join(err, w.Delete(head))
	})
}
