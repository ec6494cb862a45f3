package outputs

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ostlerdev/ostler/internal/file"
)

// Everything but regular files below the outputs is ignored, and nothing of it
// blocks.
func TestOnlyRegularFilesArePublished(t *testing.T) {
	r := newRig(t, Limits{})
	secret := filepath.Join(t.TempDir(), "secret")
	r.must(os.WriteFile(secret, []byte("secret"), 0o600))
	r.write("good", "1")
	r.must(os.Mkdir(r.out("dir"), 0o755))
	for name, target := range map[string]string{
		"passwd": "/etc/passwd", "absolute": secret, "up": "../../../../../../etc/passwd", "inside": "good", "loop": "loop",
		"dangling": "nowhere", "dir/out": "/etc", "outside": filepath.Dir(secret), "proc": "/proc/self/root",
	} {
		r.must(os.Symlink(target, r.out(name)))
	}
	r.must(syscall.Mkfifo(r.out("fifo"), 0o644))
	l, err := net.Listen("unix", r.out("socket"))
	r.must(err)
	defer l.Close()
	if err := syscall.Mknod(r.out("null"), syscall.S_IFCHR|0o666, 1<<8|3); err != nil && !errors.Is(err, syscall.EPERM) {
		t.Fatal(err) // only root may
	}
	if report := r.sync(); report.Published != 1 {
		t.Errorf("%+v", report)
	}
	r.want("good=1")
}

func TestOutputsThatAreALinkAreNotFollowed(t *testing.T) {
	r := newRig(t, Limits{})
	r.must(os.Remove(r.out("")))
	r.must(os.Symlink("/etc", r.out("")))
	if report, err := r.Sync(t.Context(), session, r.dir); err == nil || report.Published != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestHugeFilesCostNothing(t *testing.T) {
	r := newRig(t, Limits{})
	f, err := os.Create(r.out("huge"))
	r.must(err)
	r.must(errors.Join(f.Truncate(1<<40), f.Close()))
	report := r.sync()
	if report.Published != 0 || len(report.Skipped) != 1 || report.Skipped[0] != (Skipped{"huge", "larger than a file may be"}) {
		t.Errorf("%+v", report)
	}
	r.must(os.Truncate(r.out("huge"), 3))
	r.sync()
	r.want("huge=\x00\x00\x00")
}

func TestNamesOfAllBytes(t *testing.T) {
	r := newRig(t, Limits{})
	for path, want := range map[string]string{
		"new\nline": "new_line", "tab\t": "tab_", "ctrl\x01": "ctrl_", "bad\xff\xfeutf8.txt": "bad__utf8.txt", "quote\"<>|?*:": "quote_______",
		" ": " ", "-rf": "-rf", `back\slash`: "back_slash", strings.Repeat("n", 255): strings.Repeat("n", 255),
	} {
		r.write(path, want)
	}
	if report := r.sync(); report.Published != 9 || len(report.Skipped) != 0 {
		t.Errorf("%+v", report)
	}
	for _, rec := range r.records() {
		if got := r.read(rec); rec.Doc.Filename != got {
			t.Errorf("%q is named %q, want %q", rec.Path, rec.Doc.Filename, got)
		}
		if again, err := file.Name(rec.Doc.Filename, ""); err != nil || again != rec.Doc.Filename {
			t.Errorf("%q can't be given back: %v", rec.Doc.Filename, err)
		}
	}
	if report := r.sync(); report.Published != 0 {
		t.Errorf("again: %+v", report)
	}
}

func TestDeepTrees(t *testing.T) {
	r := newRig(t, Limits{})
	path := ""
	root, err := os.OpenRoot(r.out(""))
	r.must(err)
	defer root.Close()
	for range 200 {
		path = filepath.Join(path, strings.Repeat("d", 100)) // 20 000 bytes: no path of the kernel's
		if err := root.Mkdir(path, 0o755); err != nil {
			break // os.Root goes no deeper either
		}
	}
	r.write("good", "1")
	if report := r.sync(); !report.Partial || report.Published != 1 {
		t.Errorf("%+v", report)
	}
}

func TestUnreadableFilesAreSkipped(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	r := newRig(t, Limits{})
	r.write("closed", "1")
	r.write("dir/inner", "1")
	r.write("good", "1")
	r.must(os.Chmod(r.out("closed"), 0))
	r.must(os.Chmod(r.out("dir"), 0))
	defer os.Chmod(r.out("dir"), 0o700) // for the cleaning up
	if report := r.sync(); report.Published != 1 || len(report.Skipped) != 1 || !report.Partial {
		t.Errorf("%+v", report)
	}
}

// meddle calls fn once, when the service has found the files and begins to
// stage the first of them.
func meddle(r *rig, fn func()) (files []found, p *pass) {
	root, err := openOutputs(r.dir)
	r.must(err)
	r.t.Cleanup(func() { r.must(root.Close()) })
	files, whole, err := scan(root, r.Limits)
	r.must(err)
	p = &pass{s: r.Service, ctx: r.t.Context(), session: session, root: root}
	r.must(p.load(files, whole))
	fn()
	return files, p
}

func (p *pass) finish(t *testing.T, files []found) {
	t.Helper()
	for _, f := range files {
		if err := p.file(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.flush(); err != nil {
		t.Fatal(err)
	}
}

func TestFilesThatAreSwappedAfterTheyWereFound(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		swap func(r *rig)
		want string
	}{
		"by a link to the outside": {func(r *rig) { r.must(os.Remove(r.out("a"))); r.must(os.Symlink(secret, r.out("a"))) }, "b=2"},
		"by a link to the inside":  {func(r *rig) { r.must(os.Remove(r.out("a"))); r.must(os.Symlink("b", r.out("a"))) }, "b=2"},
		"by a pipe":                {func(r *rig) { r.must(os.Remove(r.out("a"))); r.must(syscall.Mkfifo(r.out("a"), 0o644)) }, "b=2"},
		"by a directory":           {func(r *rig) { r.must(os.Remove(r.out("a"))); r.must(os.Mkdir(r.out("a"), 0o755)) }, "b=2"},
		"by nothing":               {func(r *rig) { r.must(os.Remove(r.out("a"))) }, "b=2"},
		"by another file":          {func(r *rig) { r.write("c", "333"); r.must(os.Rename(r.out("c"), r.out("a"))) }, "a=333 b=2"},
		"for a longer text":        {func(r *rig) { r.write("a", "longer") }, "a=longer b=2"},
		"for a shorter text":       {func(r *rig) { r.write("a", "") }, "a= b=2"},
		"for too much":             {func(r *rig) { r.must(os.Truncate(r.out("a"), 1<<30)) }, "b=2"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Limits{})
			r.write("a", "1")
			r.write("b", "2")
			files, p := meddle(r, func() { c.swap(r) })
			p.finish(t, files)
			r.want(c.want)
		})
	}
}

// The directory of a file is swapped for a link: what is read then is no other
// file than the one that was found.
func TestDirectoriesThatAreSwapped(t *testing.T) {
	for name, target := range map[string]string{"outside": "/etc", "inside": "other"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Limits{})
			r.write("dir/passwd", "1")
			r.write("other/passwd", "2")
			files, p := meddle(r, func() {
				r.must(os.RemoveAll(r.out("dir")))
				r.must(os.Symlink(target, r.out("dir")))
			})
			p.finish(t, files)
			for _, rec := range r.records() {
				if got := r.read(rec); got != "2" {
					t.Errorf("%s=%s", rec.Path, got)
				}
			}
		})
	}
}

func TestAFileThatKeepsChangingIsLeftForLater(t *testing.T) {
	r := newRig(t, Limits{})
	r.write("a", strings.Repeat("x", 1000))
	files, p := meddle(r, func() {})
	n := 0
	grow := func() {
		n++
		r.write("a", strings.Repeat("x", 1000+n))
	}
	grow()
	for range attempts {
		_, err := p.read(files[0])
		if !errors.Is(err, errChanged) {
			t.Fatalf("a file that changed was read: %v", err)
		}
		grow()
	}
	r.want("")
	r.sync()
	r.want("a=" + strings.Repeat("x", 1000+n))
}

// A name that looks like what is kept for one that isn't text is another file.
func TestNamesThatMeet(t *testing.T) {
	r := newRig(t, Limits{})
	for _, text := range []string{"1", "22"} {
		for _, path := range []string{"d/\xff", `"d/\xff"`, `"\"d/\\xff\""`} {
			r.write(path, text)
		}
		r.sync()
		if got := r.records(); len(got) != 3 {
			t.Errorf("three files became %+v", got)
		}
	}
}
