package outputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// give uploads a file and mounts it in the session.
func (r *rig) give(text, mountPath string) *wire.FileResource {
	r.t.Helper()
	staged, err := r.Files.Stage(r.t.Context(), strings.NewReader(text))
	r.must(err)
	rec, err := r.Files.Upload(r.t.Context(), staged, "x", "text/plain", 0)
	r.must(err)
	p := wire.ResourceParams{File: &wire.FileResourceParams{Type: "file", FileID: wire.Some(rec.ID), MountPath: wire.Some(mountPath)}}
	if mountPath == "" {
		p.File.MountPath = wire.Opt[string]{}
	}
	plan, err := resource.Check([]wire.ResourceParams{p}, resource.Environment{}, resource.Options{})
	r.must(err)
	r.must(plan.Bind(session, r.ids, nil))
	r.update(func(tx store.Tx) error { return store.InsertResources(tx, plan, 1) })
	return plan.Items[0].Wire(1).(*wire.FileResource)
}

func (r *rig) take(f *wire.FileResource) {
	r.t.Helper()
	var unused string
	r.update(func(tx store.Tx) (err error) { unused, err = store.DeleteFileResource(tx, f); return err })
	r.must(r.Files.Release(r.t.Context(), []string{unused}))
}

func (r *rig) materialize() []hands.Link {
	r.t.Helper()
	links, err := r.Materialize(r.t.Context(), session, r.dir)
	r.must(err)
	return links
}

// uploads is what lies below uploads/: path=content, sorted.
func (r *rig) uploads() string {
	r.t.Helper()
	var out []string
	root := filepath.Join(r.dir, uploadsDir)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			out = append(out, rel+"/")
			return nil
		}
		data, err := os.ReadFile(path)
		out = append(out, rel+"="+string(data))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Fatal(err)
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

func (r *rig) wantUploads(want string) {
	r.t.Helper()
	if got := r.uploads(); got != want {
		r.t.Errorf("uploads: %q, want %q", got, want)
	}
}

func TestMaterialize(t *testing.T) {
	r := newRig(t, Limits{})
	if links := r.materialize(); len(links) != 0 || r.uploads() != "" {
		t.Errorf("nothing mounted: %v, %q", links, r.uploads())
	}
	def := r.give("1", "")
	r.give("2", "/workspace/data.csv")
	r.give("3", "/data.csv")
	r.give("4", "/mnt/session/uploads/deep/er/x")
	r.give("5", "rel/y")
	links := r.materialize()
	name := strings.TrimPrefix(def.MountPath, "/mnt/session/uploads/")
	r.wantUploads("data.csv=3 deep/ deep/er/ deep/er/x=4 " + name + "=1 rel/ rel/y=5 workspace/ workspace/data.csv=2")
	want := "[{/workspace/data.csv /mnt/session/uploads/workspace/data.csv} {/data.csv /mnt/session/uploads/data.csv}]"
	if got := fmt.Sprint(links); got != want {
		t.Errorf("links %s, want %s", got, want)
	}
	if again := r.materialize(); fmt.Sprint(again) != want {
		t.Errorf("links again %v", again)
	}
}

// A sandbox runs as another user: it must be able to read, and not to write.
func TestModesDoNotDependOnTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	r := newRig(t, Limits{})
	r.give("1", "/a/b/c")
	r.materialize()
	for path, want := range map[string]fs.FileMode{"": 0o755, "a": 0o755, "a/b": 0o755, "a/b/c": 0o444} {
		info, err := os.Stat(filepath.Join(r.dir, uploadsDir, path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestMaterializeIsIncremental(t *testing.T) {
	r := newRig(t, Limits{})
	a := r.give("1", "/a/x")
	r.give("2", "/b")
	r.materialize()
	inode := func(path string) uint64 {
		info, err := os.Stat(filepath.Join(r.dir, uploadsDir, path))
		r.must(err)
		return info.Sys().(*syscall.Stat_t).Ino
	}
	before := inode("b")
	c := r.give("3", "/c")
	r.take(a)
	links := r.materialize()
	r.wantUploads("b=2 c=3")
	if inode("b") != before || len(links) != 2 {
		t.Errorf("b was placed anew, or links %v", links)
	}
	// Another file at the same path, of the same size; a directory where a
	// file was, and a file where a directory was.
	r.take(c)
	r.give("9", "/c")
	r.give("8", "/a")
	r.materialize()
	r.wantUploads("a=8 b=2 c=9")
}

func TestFilesThatWereLostArePlacedAgain(t *testing.T) {
	r := newRig(t, Limits{})
	r.give("1", "/a/x")
	r.give("22", "/b")
	r.materialize()
	r.must(os.RemoveAll(filepath.Join(r.dir, uploadsDir, "a")))
	r.must(os.Remove(filepath.Join(r.dir, uploadsDir, "b")))
	r.must(os.WriteFile(filepath.Join(r.dir, uploadsDir, "b"), nil, 0o644))
	r.materialize()
	r.wantUploads("a/ a/x=1 b=22")
}

// A crash can stop Materialize anywhere: what it was placing, and what it left
// of a directory it knew nothing of, is gone the next time.
func TestMaterializeAfterACrash(t *testing.T) {
	r := newRig(t, Limits{})
	x := r.give("1", "/x")
	r.materialize()
	root, err := os.OpenRoot(r.dir)
	r.must(err)
	defer root.Close()
	have, err := readManifest(root)
	r.must(err)

	// It had noted that it would place y, and placed half of it.
	have["y"] = ""
	r.must(have.write(root))
	r.must(os.WriteFile(filepath.Join(r.dir, uploadsDir, "y"), []byte("half"), 0o644))
	r.must(os.WriteFile(filepath.Join(r.dir, placing), []byte("half"), 0o600))
	r.materialize()
	r.wantUploads("x=1")

	// The machine stopped: nothing that was written can be trusted.
	r.must(os.WriteFile(filepath.Join(r.dir, manifestFile), []byte(`{"boot":"another","files":{"x":"`+x.FileID+`"}}`), 0o600))
	r.must(os.Remove(filepath.Join(r.dir, uploadsDir, "x")))
	r.must(os.WriteFile(filepath.Join(r.dir, uploadsDir, "x"), []byte("?"), 0o644))
	r.must(os.WriteFile(filepath.Join(r.dir, uploadsDir, "stray"), []byte("?"), 0o644))
	r.materialize()
	r.wantUploads("x=1")

	r.must(os.WriteFile(filepath.Join(r.dir, manifestFile), []byte(`{"boot`), 0o600))
	r.must(os.WriteFile(filepath.Join(r.dir, uploadsDir, "stray"), []byte("?"), 0o644))
	r.materialize()
	r.wantUploads("x=1")
}

// uploads/ is closed to the agent; if it got in all the same, nothing outside
// is written.
func TestPlantedLinksLeadNowhere(t *testing.T) {
	r := newRig(t, Limits{})
	outside := t.TempDir()
	victim := filepath.Join(outside, "x")
	r.must(os.WriteFile(victim, []byte("mine"), 0o644))
	r.give("1", "/a/x")
	r.materialize()
	r.must(os.RemoveAll(filepath.Join(r.dir, uploadsDir, "a")))
	r.must(os.Symlink(outside, filepath.Join(r.dir, uploadsDir, "a")))
	if _, err := r.Materialize(t.Context(), session, r.dir); err == nil {
		t.Error("a file was placed behind a link")
	}
	r.must(os.RemoveAll(filepath.Join(r.dir, uploadsDir)))
	r.must(os.Symlink(outside, filepath.Join(r.dir, uploadsDir)))
	if _, err := r.Materialize(t.Context(), session, r.dir); err == nil {
		t.Error("uploads behind a link were used")
	}
	if data, err := os.ReadFile(victim); err != nil || string(data) != "mine" {
		t.Errorf("the victim holds %q, %v", data, err)
	}
}

// What is placed is a copy: the stored bytes and other sessions are safe.
func TestPlacedFilesAreNotTheStoredOnes(t *testing.T) {
	r := newRig(t, Limits{})
	r.give("original", "/x")
	r.materialize()
	path := filepath.Join(r.dir, uploadsDir, "x")
	r.must(os.Chmod(path, 0o644))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	r.must(err)
	_, err = f.WriteString("tampered")
	r.must(errors.Join(err, f.Close()))
	mounted, err := r.Files.Mounted(t.Context(), session)
	r.must(err)
	_, data, err := r.Files.ReadFile(t.Context(), mounted[0].File.ID)
	if err != nil || string(data) != "original" {
		t.Errorf("stored: %q, %v", data, err)
	}
}

func BenchmarkMaterializeUnchanged(b *testing.B) {
	r := newRig(b, Limits{})
	for i := range 10 {
		r.give("x", fmt.Sprint("/f", i))
	}
	r.materialize()
	for b.Loop() {
		r.materialize()
	}
}
