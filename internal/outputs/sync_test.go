package outputs

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/store"
)

func TestOutputsBecomeFiles(t *testing.T) {
	r := newRig(t, Limits{})
	if report := r.sync(); report.Published != 0 || len(report.Skipped) != 0 || report.Partial {
		t.Errorf("nothing there: %+v", report)
	}
	r.write("a.csv", "1,2")
	r.write("deep/er/b.png", "\x89PNG\r\n\x1a\n")
	r.write("empty", "")
	r.write("no extension", "hello")
	if report := r.sync(); report.Published != 4 || len(report.Skipped) != 0 {
		t.Errorf("%+v", report)
	}
	r.want("a.csv=1,2 deep/er/b.png=\x89PNG\r\n\x1a\n empty= no extension=hello")
	types := map[string]string{"a.csv": "text/csv", "b.png": "image/png", "empty": file.OctetStream, "no extension": "text/plain"}
	for _, rec := range r.records() {
		w := rec.Wire()
		if w.MimeType != types[w.Filename] || !w.Downloadable || w.Scope == nil || w.Scope.ID != session || w.ExpiresAt != nil {
			t.Errorf("%+v", w)
		}
	}
}

func TestWithoutADirectoryNothingHappens(t *testing.T) {
	r := newRig(t, Limits{})
	for _, dir := range []string{t.TempDir(), t.TempDir() + "/none"} {
		if report, err := r.Sync(t.Context(), session, dir); err != nil || report.Published != 0 {
			t.Errorf("%+v, %v", report, err)
		}
	}
}

func TestUnchangedFilesStay(t *testing.T) {
	r := newRig(t, Limits{})
	r.write("a", "1")
	r.sync()
	id, used := r.id("a"), r.ids.n
	for range 3 {
		if report := r.sync(); report.Published != 0 {
			t.Errorf("%+v", report)
		}
	}
	if r.id("a") != id || r.ids.n != used {
		t.Errorf("%s became %s; %d ids, then %d", id, r.id("a"), used, r.ids.n)
	}
}

func TestAChangedFileGetsANewID(t *testing.T) {
	r := newRig(t, Limits{})
	r.write("a", "1")
	r.sync()
	first := r.id("a")
	r.write("a", "two")
	if report := r.sync(); report.Published != 1 {
		t.Errorf("%+v", report)
	}
	r.want("a=two")
	if r.id("a") == first {
		t.Error("the id stayed")
	}
	if _, err := r.Files.Get(t.Context(), first); err == nil {
		t.Error("the old object is still there")
	}
}

// The agent can give a file back its size and its mtime, and a fast one can
// write twice within a tick of the file system's clock.
func TestAChangeBehindTheSameSizeAndTimeIsSeen(t *testing.T) {
	r := newRig(t, Limits{})
	then := time.Unix(1_700_000_000, 0)
	for _, text := range []string{"one", "two", "six"} {
		r.write("a", text)
		r.must(os.Chtimes(r.out("a"), then, then))
		r.sync()
		r.want("a=" + text)
	}
}

func TestATouchedFileKeepsItsID(t *testing.T) {
	r := newRig(t, Limits{})
	r.write("a", "1")
	r.sync()
	id := r.id("a")
	r.must(os.Chtimes(r.out("a"), time.Unix(5, 0), time.Unix(5, 0)))
	r.must(os.Chmod(r.out("a"), 0o600))
	if report := r.sync(); report.Published != 0 || r.id("a") != id {
		t.Errorf("%+v, %s became %s", report, id, r.id("a"))
	}
	if stamp := r.records()[0].Doc.Stamp; stamp.Mtime != 5e9 {
		t.Errorf("stamp %+v", stamp)
	}
}

func TestADeletedFileKeepsItsObject(t *testing.T) {
	r := newRig(t, Limits{})
	r.write("a", "1")
	r.write("b", "2")
	r.sync()
	r.must(os.Remove(r.out("a")))
	r.sync()
	r.want("a=1 b=2")
	r.write("a", "new")
	r.sync()
	r.want("a=new b=2")
}

func TestARenamedFileMoves(t *testing.T) {
	r := newRig(t, Limits{})
	r.write("report.tmp", "text")
	r.write("other", "text") // the same bytes, but another file
	r.sync()
	old := r.id("report.tmp")
	r.must(os.Rename(r.out("report.tmp"), r.out("report.md")))
	if report := r.sync(); report.Published != 1 {
		t.Errorf("%+v", report)
	}
	r.want("other=text report.md=text")
	if id := r.id("report.md"); id == old || id == "" {
		t.Errorf("the id is %q, was %q", id, old)
	}
}

func TestADeletedObjectStaysDeleted(t *testing.T) {
	r := newRig(t, Limits{})
	r.write("a", "1")
	r.write("b", "2")
	r.sync()
	r.must(r.Files.Delete(t.Context(), r.id("a")))
	r.sync()
	r.want("b=2")
	r.write("a", "written again")
	r.sync()
	r.want("a=written again b=2")
	if all, err := r.Files.Outputs(t.Context(), session); err != nil || len(all) != 2 {
		t.Errorf("%d rows, %v", len(all), err)
	}
}

func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limits  Limits
		want    string
		skipped int
		partial bool
	}{
		"files":   {Limits{Files: 2}, "a=1 b=22", 2, false},
		"bytes":   {Limits{Bytes: 4}, "a=1 b=22 d/e=5", 1, false},
		"depth":   {Limits{Depth: 1}, "a=1 b=22 c=333", 0, true},
		"enough":  {Limits{Files: 4, Bytes: 7, Depth: 2, Entries: 5}, "a=1 b=22 c=333 d/e=5", 0, false},
		"default": {Limits{}, "a=1 b=22 c=333 d/e=5", 0, false},
	} {
		r := newRig(t, c.limits)
		r.write("a", "1")
		r.write("b", "22")
		r.write("c", "333")
		r.write("d/e", "5")
		report := r.sync()
		if len(report.Skipped) != c.skipped || report.Partial != c.partial {
			t.Errorf("%s: %+v", name, report)
		}
		r.want(c.want)
	}
	r := newRig(t, Limits{Entries: 3})
	for _, path := range strings.Split("abcdefgh", "") {
		r.write(path, path)
	}
	if report := r.sync(); report.Published != 3 || !report.Partial {
		t.Errorf("entries: %+v", report)
	}
}

// At its limit a session still gets new states of the files it has.
func TestLimitsCountWhatIsReplacedOnce(t *testing.T) {
	r := newRig(t, Limits{Files: 2, Bytes: 4})
	r.write("a", "11")
	r.write("b", "22")
	r.sync()
	r.write("a", "33")
	r.must(os.Rename(r.out("b"), r.out("c")))
	if report := r.sync(); len(report.Skipped) != 1 || report.Skipped[0].Path != "c" {
		// Whether c is b under another name shows only when it is read, and
		// at the limit it isn't.
		t.Errorf("%+v", report)
	}
	r.want("a=33 b=22")
}

func TestManyFilesAppearInSeveralTransactions(t *testing.T) {
	r := newRig(t, Limits{})
	for i := range 2*batch + 1 {
		r.write(strings.Repeat("x", i+1), "1")
	}
	if report := r.sync(); report.Published != 2*batch+1 {
		t.Errorf("%+v", report)
	}
}

func TestADeletedSessionGetsNoFiles(t *testing.T) {
	r := newRig(t, Limits{})
	r.write("a", "1")
	r.update(func(tx store.Tx) error { return store.DeleteSession(tx, session) })
	if report := r.sync(); report.Published != 0 {
		t.Errorf("%+v", report)
	}
	r.want("")
}

func TestSyncsOfOneSessionTakeTurns(t *testing.T) {
	r := newRig(t, Limits{})
	var wg sync.WaitGroup
	for i := range 8 {
		r.write("shared", strings.Repeat("x", i))
		wg.Go(func() {
			if _, err := r.Sync(t.Context(), session, r.dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	r.sync()
	r.want("shared=xxxxxxx")
	if len(r.busy) != 0 {
		t.Errorf("%d locks are left", len(r.busy))
	}
}

func BenchmarkSyncNothing(b *testing.B) {
	r := newRig(b, Limits{})
	for b.Loop() {
		r.sync()
	}
}

func BenchmarkSyncUnchanged(b *testing.B) {
	r := newRig(b, Limits{})
	for _, name := range strings.Fields("a b c d e f g h i j") {
		r.write(name, name)
	}
	r.sync()
	for b.Loop() {
		r.sync()
	}
}
