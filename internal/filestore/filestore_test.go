package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/blob"
	"github.com/ostlerdev/ostler/internal/blob/dir"
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type rig struct {
	*Files
	t     *testing.T
	blobs *blobs
	clock time.Time
}

// blobs is a blob store that can be made to fail.
type blobs struct {
	blob.Store
	put    error
	delete error
}

func (b *blobs) Put(ctx context.Context, key string, r io.Reader, n int64) (blob.Written, error) {
	if b.put != nil {
		return blob.Written{}, b.put
	}
	return b.Store.Put(ctx, key, r, n)
}

func (b *blobs) Delete(ctx context.Context, key string) error {
	if b.delete != nil {
		return b.delete
	}
	return b.Store.Delete(ctx, key)
}

type numbers struct{ n int }

func (s *numbers) New(prefix string) string { s.n++; return fmt.Sprint(prefix, s.n) }

func newRig(t *testing.T, change ...func(*Config)) *rig {
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
	c := Config{DB: db, Blobs: r.blobs, IDs: new(numbers), Now: func() time.Time { return r.clock }, MaxBytes: 1000}
	for _, f := range change {
		f(&c)
	}
	r.Files = New(c)
	return r
}

func (r *rig) stage(text string) *Staged {
	r.t.Helper()
	s, err := r.Stage(r.t.Context(), strings.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func (r *rig) upload(text string, expires int64) file.Record {
	r.t.Helper()
	rec, err := r.Upload(r.t.Context(), r.stage(text), "a.txt", "text/plain", expires)
	if err != nil {
		r.t.Fatal(err)
	}
	return rec
}

// keys is the keys of the bytes that are kept.
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

func (r *rig) update(fn func(store.Tx) error) {
	r.t.Helper()
	if err := r.DB().Update(r.t.Context(), fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) session(id string) {
	r.update(func(tx store.Tx) error { return store.InsertSession(tx, &store.Session{ID: id}, store.SessionDoc{}) })
}

func TestUploadedBytesComeBack(t *testing.T) {
	r := newRig(t, func(c *Config) { c.DownloadUploads = true; c.MaxBytes = 0 })
	big := strings.Repeat("0123456789", 100_000)
	for _, text := range []string{"", "x", big} {
		s := r.stage(text)
		if want := min(len(text), file.SniffLen); len(s.Head) != want || !strings.HasPrefix(text, string(s.Head)) {
			t.Errorf("%d bytes: head of %d", len(text), len(s.Head))
		}
		rec, err := r.Upload(t.Context(), s, "a.txt", "text/plain", 0)
		if err != nil {
			t.Fatal(err)
		}
		again, body, err := r.Open(t.Context(), rec.ID)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err := errors.Join(err, body.Close()); err != nil || string(got) != text || again.Size != int64(len(text)) || again.Doc.SHA256 != s.SHA256 {
			t.Errorf("%d bytes came back as %d, %+v, %v", len(text), len(got), again, err)
		}
		mime, data, err := r.ReadFile(t.Context(), rec.ID)
		if err != nil || mime != "text/plain" || string(data) != text {
			t.Errorf("ReadFile: %s, %d bytes, %v", mime, len(data), err)
		}
	}
}

func TestStageRefuses(t *testing.T) {
	broken := errors.New("broken")
	full := fmt.Errorf("put: %w", blob.ErrNoSpace)
	for name, c := range map[string]struct {
		in   io.Reader
		put  error
		is   error
		kind fault.Kind
		code string
	}{
		"too large":    {strings.NewReader(strings.Repeat("x", 1001)), nil, nil, fault.TooLarge, ""},
		"disk full":    {strings.NewReader("x"), full, nil, fault.Invalid, "storage_quota_exceeded"},
		"disk broken":  {strings.NewReader("x"), broken, broken, fault.Internal, ""},
		"client gone":  {io.MultiReader(strings.NewReader(strings.Repeat("x", 900)), iotest.ErrReader(broken)), nil, broken, fault.Internal, ""},
		"gone at once": {iotest.ErrReader(broken), nil, broken, fault.Internal, ""},
	} {
		r := newRig(t)
		r.blobs.put = c.put
		_, err := r.Stage(t.Context(), c.in)
		var f *fault.Error
		if errors.As(err, &f) && f.Code != c.code || fault.KindOf(err) != c.kind || c.is != nil && !errors.Is(err, c.is) || err == nil {
			t.Errorf("%s: %v", name, err)
		}
		if keys := r.keys(); keys != "" {
			t.Errorf("%s left %s", name, keys)
		}
	}
	r := newRig(t)
	if s := r.stage(strings.Repeat("x", 1000)); s.Size != 1000 {
		t.Errorf("the largest file has %d bytes", s.Size)
	}
}

func TestAFailedRecordLeavesNoBytes(t *testing.T) {
	r := newRig(t, func(c *Config) { c.QuotaBytes = 10 })
	r.upload("12345", 0)
	_, err := r.Upload(t.Context(), r.stage("123456"), "b", "text/plain", 0)
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != "storage_quota_exceeded" || f.Kind != fault.Invalid {
		t.Errorf("over the quota: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := r.stage("1")
	cancel()
	if _, err := r.Upload(ctx, s, "b", "text/plain", 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if keys := r.keys(); keys != "files/file_1" {
		t.Errorf("kept %s", keys)
	}
	r.upload("12345", 0) // exactly the quota
}

func TestExpiredFiles(t *testing.T) {
	r := newRig(t, func(c *Config) { c.DownloadUploads = true })
	rec := r.upload("x", 3600)
	forever := r.upload("y", 0)
	open := func() string {
		_, body, err := r.Open(t.Context(), rec.ID)
		if err != nil {
			return err.Error()
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
		return ""
	}
	r.clock = r.clock.Add(time.Hour - time.Microsecond)
	if err := r.Sweep(t.Context()); err != nil || open() != "" {
		t.Errorf("just before: %v, %s", err, open())
	}
	r.clock = r.clock.Add(time.Microsecond)
	const gone = "The content of file `file_1` has expired."
	if got := open(); got != gone { // not swept yet
		t.Errorf("in time: %q", got)
	}
	if _, _, err := r.ReadFile(t.Context(), rec.ID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("ReadFile: %v", err)
	}
	if err := r.Sweep(t.Context()); err != nil || open() != gone || r.keys() != forever.Blob {
		t.Errorf("swept: %v, %q, %s", err, open(), r.keys())
	}
	if got, err := r.Get(t.Context(), rec.ID); err != nil || got.ExpiresAt == nil {
		t.Errorf("record: %+v, %v", got, err)
	}
	r.clock = r.clock.Add(file.KeepRecord)
	if _, err := r.Get(t.Context(), rec.ID); fault.KindOf(err) != fault.NotFound { // not swept yet
		t.Errorf("after 30 days: %v", err)
	}
	if err := r.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	err := r.DB().View(t.Context(), func(tx store.Tx) error { _, err := store.FileRecord(tx, rec.ID); return err })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the record is still there: %v", err)
	}
}

func TestDeleteAndShare(t *testing.T) {
	r := newRig(t)
	rec := r.upload("x", 0)
	dup := rec
	dup.ID, dup.Origin, dup.SessionID = "file_copy", file.Copy, "sesn_1"
	r.update(func(tx store.Tx) error { return store.InsertFile(tx, &dup) })
	if err := r.Delete(t.Context(), "file_copy"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("delete of a copy: %v", err)
	}
	if err := r.Delete(t.Context(), rec.ID); err != nil || r.keys() != rec.Blob {
		t.Errorf("delete: %v, kept %s", err, r.keys())
	}
	if err := r.Delete(t.Context(), rec.ID); fault.KindOf(err) != fault.NotFound || err.Error() != "File `file_1` not found." {
		t.Errorf("second delete: %v", err)
	}
	if _, data, err := r.ReadFile(t.Context(), "file_copy"); err != nil || string(data) != "x" {
		t.Errorf("the copy reads %q, %v", data, err)
	}
	var unused []string
	r.update(func(tx store.Tx) (err error) { unused, err = store.DeleteSessionFiles(tx, "sesn_1"); return err })
	if err := r.Release(t.Context(), unused); err != nil || r.keys() != "" {
		t.Errorf("after the session: %v, kept %s", err, r.keys())
	}
}

func TestPublish(t *testing.T) {
	r := newRig(t)
	r.session("sesn_1")
	pub := func(path, text string, replaces ...file.Record) Publication {
		return Publication{Staged: r.stage(text), Path: path, Filename: path, MimeType: "text/plain", Replaces: replaces}
	}
	if err := r.Files.Publish(t.Context(), "sesn_1", []Publication{pub("a", "1"), pub("b", "22")}); err != nil {
		t.Fatal(err)
	}
	outs, err := r.Outputs(t.Context(), "sesn_1")
	if err != nil || len(outs) != 2 {
		t.Fatalf("%v, %v", outs, err)
	}
	if err := r.Files.Publish(t.Context(), "sesn_1", []Publication{pub("a", "333", outs[0])}); err != nil {
		t.Fatal(err)
	}
	list, err := r.List(t.Context(), store.FileFilter{SessionID: "sesn_1"}, page.Request{List: "files", Order: page.Desc, Limit: 10})
	if err != nil || len(list.Rows) != 2 || list.Rows[0].Size != 3 || list.Rows[1].Path != "b" || r.keys() != "files/file_2 files/file_3" {
		t.Errorf("list %+v, %v, kept %s", list.Rows, err, r.keys())
	}
	if err := r.Files.Publish(t.Context(), "sesn_gone", []Publication{pub("a", "1")}); !errors.Is(err, store.ErrNotFound) || r.keys() != "files/file_2 files/file_3" {
		t.Errorf("no such session: %v, kept %s", err, r.keys())
	}
	// A deleted output leaves a mark that nobody sees.
	if err := r.Delete(t.Context(), "file_3"); err != nil || r.keys() != "files/file_2" {
		t.Errorf("delete: %v, kept %s", err, r.keys())
	}
	if _, err := r.Get(t.Context(), "file_3"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("deleted: %v", err)
	}
	if err := r.Delete(t.Context(), "file_3"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("deleted twice: %v", err)
	}
	if outs, err := r.Outputs(t.Context(), "sesn_1"); err != nil || len(outs) != 2 || outs[1].Origin != file.Removed {
		t.Errorf("marks: %+v, %v", outs, err)
	}
}

func TestCrashesLeaveGarbageThatIsCollected(t *testing.T) {
	r := newRig(t)
	kept := r.upload("kept", 0)
	r.stage("no record was written")
	r.blobs.delete = errors.New("killed")
	lost := r.upload("lost", 0)
	if err := r.Delete(t.Context(), lost.ID); err == nil {
		t.Error("the failed removal of bytes was not reported")
	}
	r.blobs.delete = nil
	if _, err := r.blobs.Put(t.Context(), "skills/other", bytes.NewReader(nil), 0); err != nil {
		t.Fatal(err)
	}
	if n, err := r.CollectGarbage(t.Context()); err != nil || n != 0 {
		t.Errorf("young bytes: %d removed, %v", n, err)
	}
	r.clock = r.clock.Add(grace + time.Minute)
	if n, err := r.CollectGarbage(t.Context()); err != nil || n != 2 || r.keys() != kept.Blob+" skills/other" {
		t.Errorf("%d removed, %v, kept %s", n, err, r.keys())
	}
}

func TestALostBlobIsAnErrorOfTheServer(t *testing.T) {
	r := newRig(t, func(c *Config) { c.DownloadUploads = true })
	rec := r.upload("x", 0)
	if err := r.blobs.Delete(t.Context(), rec.Blob); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Open(t.Context(), rec.ID); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("got %v", err)
	}
}
