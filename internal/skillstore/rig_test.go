package skillstore

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/blob"
	"github.com/ostlerdev/ostler/internal/blob/dir"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type rig struct {
	*Skills
	t     *testing.T
	blobs *blobs
	clock time.Time
}

// blobs is a blob store that can be made to fail.
type blobs struct {
	blob.Store
	put error
}

func (b *blobs) Put(ctx context.Context, key string, r io.Reader, n int64) (blob.Written, error) {
	if b.put != nil {
		_, err := io.CopyN(io.Discard, r, 10)
		return blob.Written{}, errors.Join(b.put, err)
	}
	return b.Store.Put(ctx, key, r, n)
}

type numbers struct{ n int }

func (s *numbers) New(prefix string) string { s.n++; return fmt.Sprint(prefix, s.n) }

func newRig(t *testing.T) *rig {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	disk, err := dir.Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), disk.Close()); err != nil {
			t.Error(err)
		}
	})
	r := &rig{t: t, blobs: &blobs{Store: disk}, clock: time.Now()}
	r.Skills, err = New(Config{DB: db, Blobs: r.blobs, IDs: new(numbers), Now: func() time.Time { return r.clock }, Dir: filepath.Join(t.TempDir(), "skills")})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// upload uploads names and contents in turn.
func (r *rig) upload(files ...string) (*Staged, error) {
	r.t.Helper()
	up, err := r.Begin()
	if err != nil {
		r.t.Fatal(err)
	}
	defer up.Close()
	for pair := range slices.Chunk(files, 2) {
		if err := up.Add(pair[0], strings.NewReader(pair[1])); err != nil {
			return nil, err
		}
	}
	return up.Finish(r.t.Context())
}

func (r *rig) staged(files ...string) *Staged {
	r.t.Helper()
	up, err := r.upload(files...)
	if err != nil {
		r.t.Fatal(err)
	}
	return up
}

func (r *rig) create(files ...string) skill.Record {
	r.t.Helper()
	k, err := r.Create(r.t.Context(), r.staged(files...), "display_name", "")
	if err != nil {
		r.t.Fatal(err)
	}
	return k
}

func (r *rig) update(fn func(store.Tx) error) {
	r.t.Helper()
	if err := r.c.DB.Update(r.t.Context(), fn); err != nil {
		r.t.Fatal(err)
	}
}

// session makes a session that uses skills.
func (r *rig) session(id string, skills ...wire.AgentSkill) {
	r.t.Helper()
	r.update(func(tx store.Tx) error {
		pinned, err := Pin(tx, "skills", skills)
		if err != nil {
			return err
		}
		var versions []string
		for _, k := range pinned {
			if k.Type == skill.Custom {
				versions = append(versions, k.Version)
			}
		}
		doc := store.SessionDoc{Environment: "cloud", Agent: wire.SessionAgent{AgentSpec: wire.AgentSpec{Skills: pinned}}}
		return errors.Join(store.InsertSession(tx, &store.Session{ID: id}, doc), store.UseSkills(tx, id, versions))
	})
}

// keys is the keys of the archives that are kept.
func (r *rig) keys() string {
	r.t.Helper()
	var out []string
	for info, err := range r.blobs.List(r.t.Context(), "") {
		if err != nil {
			r.t.Fatal(err)
		}
		out = append(out, info.Key)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// left is the names in the directory of unpacked versions.
func (r *rig) left() string {
	r.t.Helper()
	entries, err := os.ReadDir(r.c.Dir)
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

// tree is the files below a directory, with modes and contents.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || d.IsDir() {
			out = append(out, fmt.Sprintf("%s %v", rel, info.Mode()))
			return err
		}
		text, err := os.ReadFile(path)
		out = append(out, fmt.Sprintf("%s %v %q", rel, info.Mode(), text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, "\n")
}

// zipped is an archive of members.
func zipped(t *testing.T, members ...zipMember) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate, Flags: m.flags}
		if m.mode != 0 {
			h.SetMode(m.mode)
		}
		out, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(out, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type zipMember struct {
	name, text string
	mode       fs.FileMode
	flags      uint16
}

const md = "---\nname: kit\ndescription: A kit.\n---\nBody.\n"
