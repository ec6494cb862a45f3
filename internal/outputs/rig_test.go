package outputs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/blob/dir"
	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/filestore"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const session = "sesn_1"

// rig is a Service over a session's directory.
type rig struct {
	*Service
	t   testing.TB
	dir string // of the session
	ids *numbers
}

type numbers struct {
	mu sync.Mutex
	n  int
}

func (s *numbers) New(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	return fmt.Sprint(prefix, s.n)
}

func newRig(t testing.TB, limits Limits) *rig {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := dir.Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), blobs.Close()); err != nil {
			t.Error(err)
		}
	})
	r := &rig{t: t, dir: t.TempDir(), ids: new(numbers)}
	files := filestore.New(filestore.Config{DB: db, Blobs: blobs, IDs: r.ids, Now: time.Now, MaxBytes: 1 << 20})
	r.Service = New(Config{Files: files, Limits: limits})
	r.must(os.Mkdir(r.out(""), 0o755))
	r.update(func(tx store.Tx) error {
		return store.InsertSession(tx, &store.Session{ID: session}, store.SessionDoc{})
	})
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) update(fn func(store.Tx) error) {
	r.t.Helper()
	r.must(r.Files.DB().Update(r.t.Context(), fn))
}

// out is the host path of an output.
func (r *rig) out(path string) string { return filepath.Join(r.dir, outputsDir, path) }

// write writes an output long enough ago for its stamp to be trusted.
func (r *rig) write(path, text string) {
	r.t.Helper()
	r.must(os.MkdirAll(filepath.Dir(r.out(path)), 0o755))
	r.must(os.WriteFile(r.out(path), []byte(text), 0o644))
}

func (r *rig) sync() Report {
	r.t.Helper()
	report, err := r.Sync(r.t.Context(), session, r.dir)
	r.must(err)
	return report
}

// published is what clients see: path=content, sorted by path.
func (r *rig) published() string {
	r.t.Helper()
	var out []string
	for _, rec := range r.records() {
		out = append(out, fmt.Sprintf("%s=%s", rec.Path, r.read(rec)))
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

func (r *rig) records() (out []file.Record) {
	r.t.Helper()
	all, err := r.Files.Outputs(r.t.Context(), session)
	r.must(err)
	for _, rec := range all {
		if rec.Origin == file.Output {
			out = append(out, rec)
		}
	}
	return out
}

func (r *rig) read(rec file.Record) string {
	r.t.Helper()
	got, body, err := r.Files.Open(r.t.Context(), rec.ID)
	r.must(err)
	data, err := io.ReadAll(body)
	r.must(errors.Join(err, body.Close()))
	if int64(len(data)) != got.Size {
		r.t.Errorf("%s has %d bytes, its record says %d", rec.Path, len(data), got.Size)
	}
	return string(data)
}

// id is the id of the object of a path, "" for none.
func (r *rig) id(path string) string {
	r.t.Helper()
	for _, rec := range r.records() {
		if rec.Path == path {
			return rec.ID
		}
	}
	return ""
}

func (r *rig) want(text string) {
	r.t.Helper()
	if got := r.published(); got != text {
		r.t.Errorf("published %q, want %q", got, text)
	}
}
