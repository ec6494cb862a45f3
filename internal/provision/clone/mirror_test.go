package clone_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/provision/clone"
)

// noise is a text that hardly compresses.
func noise(size int, seed uint64) string {
	r := rand.NewChaCha8([32]byte{byte(seed)})
	b := make([]byte, size)
	_, _ = r.Read(b) // never fails
	return string(b)
}

func (b *bench) mirrors() int {
	b.t.Helper()
	dirs, err := os.ReadDir(b.cfg.Dir)
	if err != nil {
		b.t.Fatal(err)
	}
	return len(dirs)
}

func TestMirror(t *testing.T) {
	b := newBench(t)
	b.host.Allow("good", "o/")
	b.host.Allow("other", "o/")
	b.host.Allow("stranger", "elsewhere/")
	b.host.Commit(t, "o/r", "main", "big="+noise(1<<20, 1))
	secretCommit := b.host.Commit(t, "o/r", "leak", "leak="+noise(1000, 9))
	repo := clone.Repository{URL: b.host.URL("o/r"), Credential: "sesrsc_1", Token: secret("good")}
	served := func(do func()) int64 {
		before := b.host.Served()
		do()
		return b.host.Served() - before
	}
	if n := served(func() { b.must(repo) }); n < 1<<20 {
		t.Errorf("the first clone took %d bytes", n)
	}
	head := b.host.Commit(t, "o/r", "main", "small=1")
	if n := served(func() { b.check(b.must(repo), map[string]string{"rev-parse HEAD": head, "fsck": ""}) }); n > 100<<10 {
		t.Errorf("the second clone took %d bytes", n)
	}
	// The mirror was brought up to date, and outlives the server.
	b.host.Commit(t, "o/r", "main", "more="+noise(1<<20, 2))
	b.must(repo)
	b.open()
	if n := served(func() { b.must(repo) }); n > 100<<10 {
		t.Errorf("a clone after a restart took %d bytes", n)
	}

	// Who has no access gets nothing out of the mirror.
	for _, token := range []string{"stranger", "unknown"} {
		r := repo
		r.Token = secret(token)
		if _, err := b.clone(r); err == nil {
			t.Errorf("%s has cloned", token)
		}
	}
	// Who has gets what the host offers now, not what it once did.
	b.host.Git(t, "o/r", "branch", "-D", "leak")
	b.host.Git(t, "o/r", "reflog", "expire", "--expire=now", "--all")
	b.host.Git(t, "o/r", "gc", "-q", "--prune=now")
	r := repo
	r.Token = secret("other")
	dir := b.must(r)
	if out, err := git(t, dir, "cat-file", "-e", secretCommit); err == nil {
		t.Errorf("a commit that was deleted is in the clone: %s", out)
	}
	b.check(dir, map[string]string{"fsck": ""})
	r.Commit = secretCommit
	var e *clone.Error
	if _, err := b.clone(r); !errors.As(err, &e) || e.Kind != clone.KindCheckout {
		t.Errorf("checkout of a commit that was deleted: %v", err)
	}
}

func TestManyPacks(t *testing.T) {
	b := newBench(t)
	repo := clone.Repository{URL: b.host.PlainURL("public/r")}
	b.host.Commit(t, "public/r", "main", "a=0")
	b.must(repo)
	packs := func() int {
		found, err := filepath.Glob(b.cfg.Dir + "/*/objects/pack/*.pack")
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	dirs, err := filepath.Glob(b.cfg.Dir + "/*")
	if err != nil || len(dirs) != 1 {
		t.Fatal(dirs, err)
	}
	// As many updates would leave it.
	for i := range 25 {
		file := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(file, []byte(noise(100, uint64(i))), 0o600); err != nil {
			t.Fatal(err)
		}
		id, err := git(t, dirs[0], "hash-object", "-w", file)
		if err != nil {
			t.Fatal(id, err)
		}
		pack := exec.Command("git", "-c", "safe.directory=*", "-C", dirs[0], "pack-objects", "-q", "objects/pack/pack")
		pack.Stdin = strings.NewReader(id)
		if out, err := pack.CombinedOutput(); err != nil {
			t.Fatal(string(out), err)
		}
	}
	if packs() < 20 {
		t.Fatalf("only %d packs", packs())
	}
	b.check(b.must(repo), map[string]string{"fsck": ""})
	if packs() != 1 {
		t.Errorf("%d packs", packs())
	}
	b.check(b.must(repo), map[string]string{"fsck": ""})
}

func TestDamagedMirror(t *testing.T) {
	b := newBench(t)
	b.host.Commit(t, "public/r", "main", "a="+noise(10000, 3))
	repo := clone.Repository{URL: b.host.PlainURL("public/r")}
	b.must(repo)
	packs, err := filepath.Glob(b.cfg.Dir + "/*/objects/pack/*.pack")
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	if err := errors.Join(os.Chmod(packs[0], 0o600), os.WriteFile(packs[0], []byte("PACK nonsense"), 0o400)); err != nil {
		t.Fatal(err)
	}
	b.check(b.must(repo), map[string]string{"fsck": ""})
	b.check(b.must(repo), map[string]string{"fsck": ""})
	if b.mirrors() != 1 {
		t.Errorf("%d mirrors", b.mirrors())
	}
}

func TestEviction(t *testing.T) {
	b := newBench(t, func(c *clone.Config) { c.MaxBytes = 400 << 10 })
	for _, name := range []string{"public/a", "public/b", "public/c"} {
		b.host.Commit(t, name, "main", "a="+noise(150<<10, uint64(len(name))))
		b.must(clone.Repository{URL: b.host.PlainURL(name)})
	}
	if n := b.mirrors(); n != 1 && n != 2 {
		t.Errorf("%d mirrors", n)
	}
	before := b.host.Served()
	b.must(clone.Repository{URL: b.host.PlainURL("public/c")})
	if n := b.host.Served() - before; n > 50<<10 {
		t.Errorf("the newest mirror was not kept: %d bytes", n)
	}
	b.cfg.MaxBytes = 1
	b.open()
	if n := b.mirrors(); n != 0 {
		t.Errorf("%d mirrors after a start with less room", n)
	}
	b.cfg.MaxBytes = -1
	b.open()
	b.must(clone.Repository{URL: b.host.PlainURL("public/c")})
	if n := b.mirrors(); n != 0 {
		t.Errorf("%d mirrors where none are wanted", n)
	}
}

func TestSmallRepositories(t *testing.T) {
	b := newBench(t, func(c *clone.Config) { c.MinBytes = 1 << 20 })
	b.host.Commit(t, "public/small", "main", "a=1")
	b.host.Commit(t, "public/large", "main", "a="+noise(2<<20, 1))
	for range 2 {
		b.must(clone.Repository{URL: b.host.PlainURL("public/small")})
	}
	if n := b.mirrors(); n != 0 {
		t.Errorf("%d mirrors of a small repository", n)
	}
	b.must(clone.Repository{URL: b.host.PlainURL("public/large")})
	if n := b.mirrors(); n != 1 {
		t.Errorf("%d mirrors of a large one", n)
	}
}

func TestManyAtOnce(t *testing.T) {
	b := newBench(t)
	head := b.host.Commit(t, "public/r", "main", "a="+text(100<<10, "x"))
	var wg sync.WaitGroup
	for range 2 {
		for range 6 {
			wg.Go(func() {
				dir, err := b.clone(clone.Repository{URL: b.host.PlainURL("public/r")})
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := git(t, dir, "rev-parse", "HEAD"); err != nil || got != head {
					t.Errorf("%s, %v", got, err)
				}
				if got, err := git(t, dir, "fsck"); err != nil || strings.TrimSpace(got) != "" {
					t.Errorf("fsck: %s, %v", got, err)
				}
			})
		}
		wg.Wait()
	}
	if b.mirrors() != 1 {
		t.Errorf("%d mirrors", b.mirrors())
	}
}
