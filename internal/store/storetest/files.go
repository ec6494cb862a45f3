package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
)

func upload(id string, at int64) file.Record {
	return file.Record{ID: id, CreatedAt: at, Origin: file.Upload, Size: 10, Blob: "files/" + id,
		Doc: file.Doc{Filename: id + ".csv", MimeType: "text/csv", SHA256: "00"}}
}

func insertFiles(t testing.TB, db store.DB, files ...file.Record) {
	t.Helper()
	update(t, db, func(tx store.Tx) (err error) {
		for i := range files {
			err = errors.Join(err, store.InsertFile(tx, &files[i]))
		}
		return err
	})
}

func fileRows(t *testing.T, db store.DB) {
	expires := int64(500)
	out := file.Record{ID: "file_2", CreatedAt: 200, SessionID: "sesn_1", Origin: file.Output, Path: "a/b.txt", Size: 1 << 40, Blob: "files/file_2",
		Doc: file.Doc{Filename: "b.txt", MimeType: "text/plain", SHA256: "ff", Stamp: &file.Stamp{Size: 1 << 40, Mtime: 1, Ctime: 2, Inode: 1 << 63}}}
	up := upload("file_1", 100)
	up.ExpiresAt = &expires
	insertFiles(t, db, up, out)
	update(t, db, func(tx store.Tx) error {
		got, err := store.FileRecord(tx, "file_1")
		if err != nil || got.ExpiresAt == nil || *got.ExpiresAt != expires || got.Doc != up.Doc || got.SessionID != "" || got.Path != "" {
			t.Errorf("upload: %+v, %v", got, err)
		}
		got, err = store.FileRecord(tx, "file_2")
		if err != nil || got.ExpiresAt != nil || *got.Doc.Stamp != *out.Doc.Stamp || got.SessionID != "sesn_1" || got.Path != "a/b.txt" || got.Size != 1<<40 {
			t.Errorf("output: %+v, %v", got, err)
		}
		if _, err := store.FileRecord(tx, "file_3"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("no such file: %v", err)
		}
		got.Doc.Stamp.Mtime = 9
		if err := store.SaveFileDoc(tx, &got); err != nil {
			return err
		}
		if again, err := store.FileRecord(tx, "file_2"); err != nil || again.Doc.Stamp.Mtime != 9 {
			t.Errorf("after SaveFileDoc: %+v, %v", again, err)
		}
		wired, err := store.GetFile(tx, "file_1")
		if err != nil || wired.MimeType != "text/csv" {
			t.Errorf("GetFile: %+v, %v", wired, err)
		}
		if n, err := store.StoredBytes(tx); err != nil || n != 10+1<<40 {
			t.Errorf("%d bytes stored, %v", n, err)
		}
		return nil
	})
}

func fileLists(t *testing.T, db store.DB) {
	of := func(f file.Record, origin file.Origin, session string) file.Record {
		f.Origin, f.SessionID = origin, session
		return f
	}
	old := upload("file_9", 900)
	old.ExpiresAt = new(int64(1000))
	insertFiles(t, db, upload("file_1", 100), upload("file_2", 200), of(upload("file_3", 300), file.Output, "sesn_1"),
		of(upload("file_4", 400), file.Copy, "sesn_1"), of(upload("file_5", 500), file.Removed, "sesn_1"),
		of(upload("file_6", 600), file.Output, "sesn_2"), old)
	for _, c := range []struct {
		flt  store.FileFilter
		want string
	}{
		{store.FileFilter{}, "file_9 file_6 file_3 file_2 file_1"},
		{store.FileFilter{Forgotten: 999}, "file_9 file_6 file_3 file_2 file_1"},
		{store.FileFilter{Forgotten: 1000}, "file_6 file_3 file_2 file_1"},
		{store.FileFilter{SessionID: "sesn_1"}, "file_3"},
		{store.FileFilter{SessionID: "sesn_3"}, ""},
		{store.FileFilter{IDs: []string{"file_1", "file_4", "file_5", "file_7"}}, "file_4 file_1"},
		{store.FileFilter{IDs: []string{"file_1", "file_4"}, SessionID: "sesn_1"}, "file_4"},
	} {
		view(t, db, func(tx store.Tx) error {
			rows, err := store.ListFiles(tx, c.flt, page.Range{Order: page.Desc, Limit: 10})
			if got := fileIDs(rows); got != c.want {
				t.Errorf("%+v: %s, want %s", c.flt, got, c.want)
			}
			return err
		})
	}
	view(t, db, func(tx store.Tx) error {
		rows, err := store.Outputs(tx, "sesn_1")
		if got := fileIDs(rows); got != "file_3 file_5" {
			t.Errorf("outputs: %s", got)
		}
		return err
	})
}

func fileIDs(rows []file.Record) string {
	var out []string
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

// Whatever files come and go, the bytes of those that stay are never reported
// as unused, and all others are, once.
func sharedBlobs(t *testing.T, db store.DB) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		live := map[string]file.Record{}
		unused := map[string]bool{}
		note := func(keys ...string) {
			for _, k := range keys {
				if k == "" {
					continue
				}
				if unused[k] {
					rt.Errorf("%s was reported twice", k)
				}
				unused[k] = true
			}
		}
		used := map[string]bool{}
		session := fmt.Sprint("sesn_", n)
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			var ids []string
			for id := range live {
				ids = append(ids, id)
			}
			slices.Sort(ids)
			switch op := rapid.SampledFrom([]string{"upload", "copy", "copy", "delete", "remove", "session"}).Draw(rt, "op"); {
			case op == "upload" || len(ids) == 0:
				f := upload(fmt.Sprintf("file_%d_%d", n, i), int64(i))
				used[f.Blob] = true
				insertFiles(t, db, f)
				live[f.ID] = f
			case op == "copy":
				f := live[rapid.SampledFrom(ids).Draw(rt, "source")]
				f.ID, f.Origin, f.SessionID = fmt.Sprintf("file_%d_%d", n, i), file.Copy, session
				insertFiles(t, db, f)
				live[f.ID] = f
			case op == "delete" || op == "remove":
				f := live[rapid.SampledFrom(ids).Draw(rt, "victim")]
				update(t, db, func(tx store.Tx) error {
					act := store.DeleteFile
					if op == "remove" {
						act = store.RemoveOutput
					}
					key, err := act(tx, &f)
					note(key)
					return err
				})
				delete(live, f.ID)
			case op == "session":
				update(t, db, func(tx store.Tx) error {
					keys, err := store.DeleteSessionFiles(tx, session)
					note(keys...)
					return err
				})
				for id, f := range live {
					if f.SessionID == session {
						delete(live, id)
					}
				}
			}
		}
		for _, f := range live {
			if unused[f.Blob] {
				rt.Errorf("%s is in use by %s", f.Blob, f.ID)
			}
			delete(used, f.Blob)
		}
		if fmt.Sprint(unused) != fmt.Sprint(used) {
			rt.Errorf("reported %v, unused are %v", unused, used)
		}
	})
}

func expiry(t *testing.T, db store.DB) {
	var files []file.Record
	for i := range 7 {
		f := upload(fmt.Sprint("file_", i), 1)
		f.ExpiresAt = new(int64(100 * (i + 1)))
		files = append(files, f)
	}
	dup := files[0] // a session's copy outlives its source
	dup.ID, dup.Origin, dup.ExpiresAt = "file_copy", file.Copy, nil
	forever := upload("file_forever", 1)
	insertFiles(t, db, append(files, dup, forever)...)
	var unused []string
	rounds := 0
	for more := true; more; rounds++ {
		update(t, db, func(tx store.Tx) error {
			keys, again, err := store.ExpireFiles(tx, 500, 200, 2)
			unused, more = append(unused, keys...), again
			return err
		})
	}
	if got := strings.Join(unused, " "); got != "files/file_1 files/file_2 files/file_3 files/file_4" || rounds != 3 {
		t.Errorf("unused after %d rounds: %s", rounds, got)
	}
	view(t, db, func(tx store.Tx) error {
		for id, want := range map[string]string{
			"file_0": "gone", "file_1": "gone", "file_2": "", "file_4": "", "file_5": "files/file_5", "file_copy": "files/file_0", "file_forever": "files/file_forever",
		} {
			f, err := store.FileRecord(tx, id)
			got := f.Blob
			if errors.Is(err, store.ErrNotFound) {
				got = "gone"
			}
			if got != want {
				t.Errorf("%s: %q, want %q", id, got, want)
			}
		}
		if _, err := store.GetFile(tx, "file_2"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("GetFile of an expired file: %v", err)
		}
		unknown, err := store.UnknownBlobs(tx, []string{"files/file_0", "files/file_1", "files/x", "files/file_forever"})
		if got := strings.Join(unknown, " "); got != "files/file_1 files/x" {
			t.Errorf("unknown: %s", got)
		}
		return err
	})
}
