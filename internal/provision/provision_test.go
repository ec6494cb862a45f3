package provision

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/clone"
	"github.com/ostlerdev/ostler/internal/provision/layers"
	"github.com/ostlerdev/ostler/internal/provision/provisiontest"
)

func TestMain(m *testing.M) { provisiontest.Main(m) }

// bench is a service over a driver that only pretends: a repository whose URL
// is in refuse can't be cloned, packages named "none" can't be installed.
type bench struct {
	provisiontest.Fake
	t       *testing.T
	service *Service
	dir     string // of the session
	needs   Needs

	mu     sync.Mutex
	refuse map[string]string // URL to what git says
	cloned []string          // URLs
	block  chan struct{}     // if not nil, cloning waits for it or for the end
	begun  func()            // is called before that
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, refuse: map[string]string{}, dir: t.TempDir()}
	b.Step = b.step
	r := provisiontest.NewFake(t, &b.Fake)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	packages, err := layers.New(layers.Config{Dir: r.Dir + "/layers", Runner: r.Runner, Driver: "fake", Now: time.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(packages.Close)
	clones, err := clone.New(clone.Config{Runner: r.Runner, Dir: r.Dir + "/mirrors", Now: time.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(b.dir+"/workspace", 0o755); err != nil {
		t.Fatal(err)
	}
	b.service = New(Config{
		Layers: packages, Clones: clones, Log: log,
		Needs: func(context.Context, string) (Needs, error) { return b.needs, nil },
		Token: func(_ context.Context, session, resource string) (gate.Secret, error) {
			return gate.NewSecret("token of " + session + " " + resource), nil
		},
	})
	return b
}

func (b *bench) step(ctx context.Context, spec hands.Spec, script string, args []string) (int, string) {
	if !strings.HasPrefix(script, "# clone.sh") {
		if args[len(args)-1] == "none" {
			return 1, "no such package"
		}
		return 0, ""
	}
	b.mu.Lock()
	b.cloned = append(b.cloned, args[0])
	said, refused := b.refuse[args[0]]
	block := b.block
	b.mu.Unlock()
	if block != nil {
		b.begun()
		select {
		case <-block:
		case <-ctx.Done():
		}
	}
	if refused {
		return 10, said
	}
	git := filepath.Join(spec.Dir, "workspace/clone/.git")
	if err := errors.Join(os.MkdirAll(git, 0o755), os.WriteFile(git+"/HEAD", []byte(args[0]), 0o644)); err != nil {
		b.t.Error(err)
	}
	return 0, ""
}

func (b *bench) repositories(turn int64) (kinds string, done bool) {
	b.t.Helper()
	notices, done, err := b.service.Repositories(b.t.Context(), "sesn_1", b.dir, turn)
	if err != nil {
		b.t.Fatal(err)
	}
	var all []string
	for _, n := range notices {
		if n.Message == "" || !strings.Contains(n.Message, n.RepositoryURL) {
			b.t.Errorf("notice %+v", n)
		}
		all = append(all, n.Kind+" "+n.RepositoryURL)
	}
	return strings.Join(all, ", "), done
}

func (b *bench) there(path, url string) {
	b.t.Helper()
	if got, err := os.ReadFile(filepath.Join(b.dir, "workspace", path, ".git/HEAD")); err != nil || string(got) != url {
		b.t.Errorf("%s: %q, %v", path, got, err)
	}
}

func TestRepositories(t *testing.T) {
	b := newBench(t)
	if kinds, done := b.repositories(1); kinds != "" || !done || b.Starts() > 0 {
		t.Errorf("without any: %q, %v", kinds, done)
	}
	const one, two = "https://git.test/o/one", "https://git.test/o/two"
	b.needs.Repositories = []Repository{{Resource: "r1", URL: one, Path: "/workspace/one"}, {Resource: "r2", URL: two, Path: "/workspace/sub/two", HasToken: true}}
	b.refuse[two] = "fatal: Authentication failed for x"
	if kinds, done := b.repositories(1); kinds != "repository_authentication_error "+two || done {
		t.Errorf("first: %q, %v", kinds, done)
	}
	b.there("one", one)
	// Nothing is tried twice in one turn, nor in the next process.
	if kinds, done := b.repositories(1); kinds != "" || done || len(b.cloned) != 2 {
		t.Errorf("again: %q, %v, %v", kinds, done, b.cloned)
	}
	if kinds, _ := b.repositories(2); kinds != "repository_authentication_error "+two || len(b.cloned) != 3 {
		t.Errorf("next turn: %q, %v", kinds, b.cloned)
	}
	delete(b.refuse, two)
	if kinds, done := b.repositories(3); kinds != "" || !done {
		t.Errorf("third turn: %q, %v", kinds, done)
	}
	b.there("sub/two", two)
	// What the agent does with a clone is its business.
	if err := os.RemoveAll(b.dir + "/workspace/one"); err != nil {
		t.Fatal(err)
	}
	if kinds, done := b.repositories(4); kinds != "" || !done || len(b.cloned) != 4 {
		t.Errorf("after all: %q, %v, %v", kinds, done, b.cloned)
	}
}

func TestARepositoryWithoutRoom(t *testing.T) {
	b := newBench(t)
	const url = "https://git.test/o/r"
	b.needs.Repositories = []Repository{{Resource: "r1", URL: url, Path: "/workspace/r"}}
	if err := os.WriteFile(b.dir+"/workspace/r", []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if kinds, done := b.repositories(1); kinds != "repository_clone_error "+url || done {
		t.Errorf("%q, %v", kinds, done)
	}
	if got, err := os.ReadFile(b.dir + "/workspace/r"); err != nil || string(got) != "mine" {
		t.Errorf("%q, %v", got, err)
	}
	// The server's own trouble is not told in detail.
	b.Started = func(hands.Spec) error { return errors.New("inner secret") }
	notices, _, err := b.service.Repositories(t.Context(), "sesn_1", b.dir, 2)
	if err != nil || len(notices) != 1 || notices[0].Kind != "repository_clone_error" || strings.Contains(notices[0].Message, "inner") {
		t.Errorf("%+v, %v", notices, err)
	}
}

func TestInterruptedClone(t *testing.T) {
	b := newBench(t)
	b.needs.Repositories = []Repository{{Resource: "r1", URL: "https://git.test/o/r", Path: "/workspace/r"}}
	b.block = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	b.begun = cancel
	if notices, done, err := b.service.Repositories(ctx, "sesn_1", b.dir, 1); !errors.Is(err, context.Canceled) || done || len(notices) > 0 {
		t.Errorf("%+v, %v, %v", notices, done, err)
	}
	b.block = nil
	if kinds, done := b.repositories(1); kinds != "" || !done {
		t.Errorf("the same turn goes on: %q, %v", kinds, done)
	}
}

func TestInjections(t *testing.T) {
	b := newBench(t)
	if in, has, err := b.service.Injections(t.Context(), "sesn_1"); len(in) > 0 || has || err != nil {
		t.Errorf("without any: %v, %v, %v", in, has, err)
	}
	b.needs.Repositories = []Repository{
		{Resource: "r1", URL: "https://git.test:8443/o/r.git", Path: "/workspace/r", HasToken: true},
		{Resource: "r2", URL: "https://git.test/o/public", Path: "/workspace/public"},
		{Resource: "r3", URL: "http://git.test/o/plain", Path: "/workspace/plain", HasToken: true},
	}
	in, has, err := b.service.Injections(t.Context(), "sesn_1")
	if err != nil || !has || len(in) != 2 {
		t.Fatalf("%+v, %v, %v", in, has, err)
	}
	for i, path := range []string{"/o/r", "/o/r.git"} {
		value, err := in[i].Header(t.Context())
		if err != nil || in[i].PathPrefix != path || in[i].Port != 8443 || in[i].Host.String() != "git.test" || in[i].CredentialID != "r1" ||
			value.Reveal() != gate.GitAuthorization(gate.NewSecret("token of sesn_1 r1")).Reveal() {
			t.Errorf("%+v: %s, %v", in[i], value.Reveal(), err)
		}
	}
	b.needs.Repositories = b.needs.Repositories[1:2]
	if in, has, err := b.service.Injections(t.Context(), "sesn_1"); len(in) > 0 || !has || err != nil {
		t.Errorf("a token may come: %v, %v, %v", in, has, err)
	}
}

func TestSoftware(t *testing.T) {
	b := newBench(t)
	b.needs.Packages = layers.Want{Environment: "env_1", Lists: []layers.List{{Manager: "npm", Packages: []string{"a"}}, {Manager: "pip", Packages: []string{"none"}}}}
	software := func(dir string) (shown []hands.Layer, notices []hands.Notice) {
		t.Helper()
		shown, notices, release, err := b.service.Software(t.Context(), "sesn_1", dir)
		if err != nil {
			t.Fatal(err)
		}
		release()
		return shown, notices
	}
	shown, notices := software(b.dir)
	if len(shown) != 1 || len(notices) != 1 || notices[0].Kind != "unknown_error" || !strings.HasPrefix(notices[0].Message, "pip: ") || notices[0].RepositoryURL != "" {
		t.Errorf("%+v, %+v", shown, notices)
	}
	if _, notices := software(b.dir); len(notices) > 0 {
		t.Errorf("told twice: %+v", notices)
	}
	if _, notices := software(t.TempDir()); len(notices) != 1 {
		t.Errorf("another session: %+v", notices)
	}
}

func TestDamagedState(t *testing.T) {
	b := newBench(t)
	b.needs.Repositories = []Repository{{Resource: "r1", URL: "https://git.test/o/r", Path: "/workspace/r"}}
	if err := os.WriteFile(filepath.Join(b.dir, stateFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.service.Repositories(t.Context(), "s", b.dir, 1); err == nil {
		t.Error("no error")
	}
}
