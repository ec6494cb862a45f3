package clone_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/clone"
	"github.com/ostlerdev/ostler/internal/provision/provisiontest"
	"github.com/ostlerdev/ostler/internal/provision/setup"
)

func TestMain(m *testing.M) { provisiontest.Main(m) }

// bench is a service with a git host.
type bench struct {
	*provisiontest.Rig
	t       *testing.T
	host    *provisiontest.GitHost
	service *clone.Service
	cfg     clone.Config
}

func newBench(t *testing.T, change ...func(*clone.Config)) *bench {
	return newBenchOn(t, provisiontest.New, change...)
}

func newBenchOn(t *testing.T, rig func(testing.TB, ...provisiontest.Option) *provisiontest.Rig, change ...func(*clone.Config)) *bench {
	host := provisiontest.NewGitHost(t)
	r := rig(t, host.Trust)
	host.Join(t, r)
	b := &bench{Rig: r, t: t, host: host}
	b.cfg = clone.Config{Runner: r.Runner, Dir: r.Dir + "/mirrors", MinBytes: 1, Now: time.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, f := range change {
		f(&b.cfg)
	}
	b.open()
	return b
}

func (b *bench) open() {
	b.t.Helper()
	var err error
	if b.service, err = clone.New(b.cfg); err != nil {
		b.t.Fatal(err)
	}
}

func secret(token string) func(context.Context) (gate.Secret, error) {
	return func(context.Context) (gate.Secret, error) { return gate.NewSecret(token), nil }
}

// clone clones to a new directory.
func (b *bench) clone(r clone.Repository) (string, error) {
	b.t.Helper()
	to := filepath.Join(b.t.TempDir(), "clone")
	err := b.service.Clone(b.t.Context(), "sesn_1", r, func(dir string) error { return os.Rename(dir, to) })
	if _, e := os.Stat(to); (e == nil) != (err == nil) {
		b.t.Errorf("a clone is there: %v, but %v", e == nil, err)
	}
	return to, err
}

func (b *bench) must(r clone.Repository) string {
	b.t.Helper()
	dir, err := b.clone(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return dir
}

// git looks into a clone.
func git(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "safe.directory=*", "-C", dir}, args...)...)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (b *bench) check(dir string, want map[string]string) {
	b.t.Helper()
	for args, text := range want {
		if got, err := git(b.t, dir, strings.Fields(args)...); err != nil || got != text {
			b.t.Errorf("git %s: %q, %v; want %q", args, got, err, text)
		}
	}
}

func TestCheckouts(t *testing.T) {
	b := newBench(t)
	b.host.Allow("good", "o/")
	first := b.host.Commit(t, "o/r", "main", "a=1", "dir/b=1")
	side := b.host.Commit(t, "o/r", "feature/x", "a=side")
	second := b.host.Commit(t, "o/r", "main", "a=2")
	b.host.Git(t, "o/r", "tag", "v1", first)
	hidden := b.host.Commit(t, "o/r", "gone", "a=hidden")
	b.host.Git(t, "o/r", "branch", "-D", "gone")
	repo := clone.Repository{URL: b.host.URL("o/r"), Credential: "sesrsc_1", Token: secret("good")}
	for _, c := range []struct {
		name, branch, commit string
		head, symbolic, file string
	}{
		{"default", "", "", second, "main", "2"},
		{"branch", "feature/x", "", side, "feature/x", "side"},
		{"tag", "v1", "", first, "", "1"},
		{"commit", "", first, first, "", "1"},
		{"short commit", "", second[:9], second, "", "2"},
		{"upper case", "", strings.ToUpper(first[:12]), first, "", "1"},
		{"commit on no branch", "", hidden, hidden, "", "hidden"},
	} {
		r := repo
		r.Branch, r.Commit = c.branch, c.commit
		dir := b.must(r)
		b.check(dir, map[string]string{
			"rev-parse HEAD": c.head, "branch --show-current": c.symbolic, "status --porcelain": "", "remote get-url origin": b.host.URL("o/r"),
			"fsck": "", "for-each-ref --format=%(refname) refs/remotes": "refs/remotes/origin/HEAD\nrefs/remotes/origin/feature/x\nrefs/remotes/origin/main",
		})
		if got, err := os.ReadFile(dir + "/a"); err != nil || string(got) != c.file {
			t.Errorf("%s: file %q, %v", c.name, got, err)
		}
		if _, err := os.Stat(dir + "/.git/objects/info/alternates"); err == nil {
			t.Errorf("%s: the clone needs objects from elsewhere", c.name)
		}
	}
}

func TestErrors(t *testing.T) {
	b := newBench(t)
	b.host.Allow("good", "o/")
	b.host.Allow("forbidden", "403")
	b.host.Commit(t, "o/r", "main", "a=1")
	b.host.Commit(t, "public/r", "main", "a=1")
	lookup := errors.New("no such key")
	for _, c := range []struct {
		repo    string
		change  func(*clone.Repository)
		kind    string
		message string
	}{
		{"o/r", func(r *clone.Repository) { r.Token = secret("bad") }, clone.KindAuthentication, "did not accept"},
		{"o/r", func(r *clone.Repository) { r.Token, r.URL = nil, b.host.PlainURL("o/r") }, clone.KindAuthentication, ""},
		{"o/r", func(r *clone.Repository) { r.URL = b.host.PlainURL("o/r") }, clone.KindAuthentication, ""}, // no TLS, no token
		{"o/r", func(r *clone.Repository) { r.Token = secret("forbidden") }, clone.KindForbidden, ""},
		{"other/r", func(*clone.Repository) {}, clone.KindNotFound, "no such repository"},
		{"public/none", func(*clone.Repository) {}, clone.KindNotFound, ""},
		{"o/r", func(r *clone.Repository) { r.Branch = "none" }, clone.KindCheckout, "none"},
		{"o/r", func(r *clone.Repository) { r.Commit = strings.Repeat("ab", 20) }, clone.KindCheckout, ""},
		{"o/r", func(r *clone.Repository) {
			r.Token = func(context.Context) (gate.Secret, error) { return gate.Secret{}, lookup }
		}, clone.KindClone, ""},
		{"o/r", func(r *clone.Repository) { r.URL = strings.Replace(r.URL, "git.test", "none.test", 1) }, clone.KindClone, ""},
	} {
		r := clone.Repository{URL: b.host.URL(c.repo), Credential: "sesrsc_1", Token: secret("good")}
		c.change(&r)
		_, err := b.clone(r)
		var e *clone.Error
		if !errors.As(err, &e) || e.Kind != c.kind || e.URL != r.URL || !strings.HasPrefix(e.Message, "repository "+r.URL+": ") || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s: %v, want %s", r.URL, err, c.kind)
		}
	}
	if _, err := b.clone(clone.Repository{URL: b.host.PlainURL("public/r")}); err != nil {
		t.Errorf("a public one without a token: %v", err)
	}
	if left, err := os.ReadDir(b.cfg.Dir); err != nil || len(left) != 1 {
		t.Errorf("mirrors: %v, %v", left, err)
	}
	for _, url := range []string{"ssh://git.test/o/r", "https://u:p@git.test/o/r", "file:///etc", "https://", "ext::sh -c id"} {
		if _, err := b.clone(clone.Repository{URL: url}); err == nil {
			t.Errorf("%s was cloned", url)
		}
	}
}

func TestAPlaceThatFails(t *testing.T) {
	b := newBench(t)
	b.host.Commit(t, "public/r", "main", "a=1")
	no := errors.New("no place")
	err := b.service.Clone(t.Context(), "s", clone.Repository{URL: b.host.PlainURL("public/r")}, func(string) error { return no })
	if !errors.Is(err, no) {
		t.Error(err)
	}
}

func TestTheTokenIsNowhereInside(t *testing.T) {
	b := newBench(t)
	const token = "ghp_thisIsTheToken"
	b.host.Allow(token, "o/")
	b.host.Commit(t, "o/r", "main", "a=1")
	dir := b.must(clone.Repository{URL: b.host.URL("o/r"), Credential: "sesrsc_1", Token: secret(token)})
	for _, root := range []string{dir, b.cfg.Dir} {
		out, err := exec.Command("grep", "-rlF", "-e", token, "-e", "eC1hY2Nlc3MtdG9rZW4", root).CombinedOutput()
		if err == nil {
			t.Errorf("found in %s", out)
		}
	}
	uses := 0
	for _, rec := range b.Audit() {
		for _, u := range rec.Credentials {
			if u.CredentialID == "sesrsc_1" && rec.Session == "sesn_1" {
				uses++
			}
		}
	}
	if uses == 0 {
		t.Errorf("the audit knows of no use: %+v", b.Audit())
	}
}

func TestLimit(t *testing.T) {
	b := newBench(t, func(c *clone.Config) { c.Limit = time.Millisecond })
	b.host.Commit(t, "public/r", "main", "a=1")
	_, err := b.clone(clone.Repository{URL: b.host.PlainURL("public/r")})
	var e *clone.Error
	if !errors.As(err, &e) || e.Kind != clone.KindClone || !strings.Contains(e.Message, "took longer than 1ms") {
		t.Error(err)
	}
}

// A repository that is larger than a sandbox's disk is told of as such.
func TestDisk(t *testing.T) {
	b := newBench(t)
	b.host.Commit(t, "public/r", "main", "a="+noise(8<<20, 1))
	runner, err := setup.New(setup.Config{Driver: b.Driver, Gate: b.Gate, Dir: b.Dir + "/small", SocketDir: b.Sockets, Limits: hands.Limits{Disk: 4 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	b.cfg.Runner = runner
	b.open()
	_, err = b.clone(clone.Repository{URL: b.host.PlainURL("public/r")})
	var e *clone.Error
	if !errors.As(err, &e) || e.Kind != clone.KindClone || !strings.Contains(e.Message, "disk") {
		t.Errorf("%v", err)
	}
}

func TestNamespaceDriver(t *testing.T) {
	b := newBenchOn(t, provisiontest.NewNamespace)
	b.host.Allow("good", "o/")
	head := b.host.Commit(t, "o/r", "main", "a=1")
	for range 2 {
		dir := b.must(clone.Repository{URL: b.host.URL("o/r"), Credential: "sesrsc_1", Token: secret("good")})
		b.check(dir, map[string]string{"rev-parse HEAD": head, "status --porcelain": "", "fsck": ""})
	}
}

func TestAsUser(t *testing.T) {
	provisiontest.AsUser(t, "TestMirror", "TestTheTokenIsNowhereInside", "TestNamespaceDriver")
}

func text(size int, seed string) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%s %d %x\n", seed, i, i*7919*len(seed))
	}
	return b.String()
}
