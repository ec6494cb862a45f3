package layers_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/layers"
	"github.com/ostlerdev/ostler/internal/provision/provisiontest"
)

// installer pretends to be every package manager: a package is a file of that
// name with as many bytes as its version says. "none" can't be had.
type installer struct {
	provisiontest.Fake
	t     *testing.T
	runs  atomic.Int64
	gate  chan struct{} // if not nil, each installation waits for it
	begun chan struct{} // is told of each installation
}

func newInstaller(t *testing.T) *installer {
	f := &installer{t: t, begun: make(chan struct{}, 100)}
	f.Step = f.step
	return f
}

func (f *installer) step(ctx context.Context, spec hands.Spec, script string, args []string) (int, string) {
	target := args[0]
	for _, m := range spec.Mounts {
		if rel, ok := strings.CutPrefix(target, m.Path); ok {
			target = m.Source + rel
		}
	}
	if rel, ok := strings.CutPrefix(target, hands.Outputs); ok {
		target = filepath.Join(spec.Dir, "outputs") + rel
	}
	if strings.HasPrefix(script, "find ") {
		if err := os.RemoveAll(target + "/half"); err != nil {
			f.t.Error(err)
		}
		return 0, ""
	}
	f.runs.Add(1)
	f.begun <- struct{}{}
	if f.gate != nil {
		select {
		case <-f.gate:
		case <-ctx.Done():
			return 1, ""
		}
	}
	if err := errors.Join(os.MkdirAll(target, 0o755), os.WriteFile(target+"/half", nil, 0o644)); err != nil {
		f.t.Error(err)
	}
	for _, p := range args[2:] {
		name, size, _ := strings.Cut(p, "=")
		if name == "none" {
			return 1, "looking\n\n\x1b[31mno such package\x1b[0m: none"
		}
		var n int
		fmt.Sscan(size, &n)
		if err := os.WriteFile(filepath.Join(target, name), make([]byte, n), 0o644); err != nil {
			f.t.Error(err)
		}
	}
	return 0, ""
}

// fakeBench is a store over an installer, with a clock that stands still.
func fakeBench(t *testing.T, change ...func(*layers.Config)) (*bench, *installer, *time.Time) {
	f := newInstaller(t)
	r := provisiontest.NewFake(t, &f.Fake)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b := &bench{Rig: r, t: t}
	b.cfg = layers.Config{Dir: r.Dir + "/layers", Runner: r.Runner, Driver: "fake", Now: func() time.Time { return now },
		Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, c := range change {
		c(&b.cfg)
	}
	b.open()
	t.Cleanup(func() { b.store.Close() })
	return b, f, &now
}

func want(environment string, lists ...string) layers.Want {
	w := layers.Want{Environment: environment}
	for _, l := range lists {
		words := strings.Fields(l)
		w.Lists = append(w.Lists, layers.List{Manager: words[0], Packages: words[1:]})
	}
	return w
}

// dirs is what is in the store's directory besides its own base.
func (b *bench) dirs() (out []string) {
	b.t.Helper()
	entries, err := os.ReadDir(b.cfg.Dir)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "base.partial" {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestNothingWanted(t *testing.T) {
	b, f, _ := fakeBench(t)
	l := b.get(want("env_1", "pip", "npm"))
	l.Release()
	if len(l.Layers) > 0 || len(l.Failures) > 0 || f.Starts() > 0 {
		t.Errorf("%+v after %d sandboxes", l, f.Starts())
	}
}

func TestWhatIsShown(t *testing.T) {
	b, f, _ := fakeBench(t)
	l := b.get(want("env_1", "pip a=1", "apt b=1", "npm c=1", "gem d=1"))
	if len(l.Layers) != 1 || f.runs.Load() != 4 {
		t.Fatalf("%+v", l)
	}
	got := l.Layers[0]
	if got.Path != "/opt/packages" || got.Env["GEM_PATH"] != "/opt/packages/gem" ||
		got.Env["NODE_PATH"] != "/opt/packages/npm/lib/node_modules" || len(got.Env) != 2 ||
		!slices.Equal(got.Bin, []string{"/opt/packages/gem/bin", "/opt/packages/npm/bin"}) {
		t.Errorf("%+v", got)
	}
	for _, path := range []string{got.System + "/a", got.System + "/b", got.Tree + "/npm/c", got.Tree + "/gem/d"} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if l := b.get(want("env_1", "apt b=1")); l.Layers[0].Tree != "" || l.Layers[0].System == "" {
		t.Errorf("apt alone shows %+v", l.Layers)
	}
	// Of what failed, nothing is left, but of others in the same place.
	l = b.get(want("env_1", "apt b=1 none", "npm c=1 none"))
	if len(l.Failures) != 2 || len(l.Layers) != 0 {
		t.Errorf("%+v", l)
	}
	if l := b.get(want("env_1", "go b=1")); l.Layers[0].Tree == "" || l.Layers[0].System != "" {
		t.Errorf("go alone shows %+v", l.Layers)
	}
}

// A layer is the same for the same lists of the same environment on the same
// system, in whatever order the managers are named.
func TestKeys(t *testing.T) {
	b, f, _ := fakeBench(t)
	base := want("env_1", "npm a=1 b=1", "pip c=1")
	b.get(base)
	same := want("env_1", "pip c=1", "npm a=1 b=1", "gem")
	if b.get(same); f.runs.Load() != 2 {
		t.Error("made twice")
	}
	for _, w := range []layers.Want{want("env_2", "npm a=1 b=1", "pip c=1"), want("env_1", "npm b=1 a=1", "pip c=1"), want("env_1", "npm a=1 b=1", "pip c=2"), want("env_1", "pip c=1")} {
		before := f.runs.Load()
		if b.get(w); f.runs.Load() == before {
			t.Errorf("%+v is taken for another", w)
		}
	}
	for name, change := range map[string]func(*layers.Config){
		"driver":     func(c *layers.Config) { c.Driver = "other" },
		"registries": func(c *layers.Config) { c.Registries = layers.Registries{"pip": "https://mirror.test/"} },
		"system":     func(c *layers.Config) { c.Rootfs = t.TempDir() },
	} {
		change(&b.cfg)
		b.open()
		before := f.runs.Load()
		if b.get(base); f.runs.Load() == before {
			t.Errorf("the same for another %s", name)
		}
	}
	root := b.cfg.Rootfs
	if err := errors.Join(os.MkdirAll(root+"/etc", 0o755), os.WriteFile(root+"/etc/os-release", []byte("NAME=new"), 0o644)); err != nil {
		t.Fatal(err)
	}
	before := f.runs.Load()
	if b.get(base); f.runs.Load() == before {
		t.Error("the same after an upgrade of the system")
	}
}

func TestOneAtATime(t *testing.T) {
	b, f, _ := fakeBench(t)
	f.gate = make(chan struct{})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			l, err := b.store.Get(t.Context(), want("env_1", "pip a=1"))
			if err != nil {
				t.Error(err)
				return
			}
			l.Release()
			l.Release()
		})
	}
	<-f.begun
	// One who can't wait spoils nothing.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.store.Get(ctx, want("env_1", "pip a=1")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(f.gate)
	wg.Wait()
	if f.runs.Load() != 1 {
		t.Errorf("installed %d times", f.runs.Load())
	}
}

func TestClose(t *testing.T) {
	b, f, _ := fakeBench(t)
	f.gate = make(chan struct{})
	failed := make(chan error)
	go func() {
		_, err := b.store.Get(t.Context(), want("env_1", "pip a=1"))
		failed <- err
	}()
	<-f.begun
	b.store.Close()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := b.store.Get(t.Context(), want("env_1", "pip b=1")); err == nil {
		t.Error("a closed store installs")
	}
	if left := b.dirs(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestFailuresAreForgotten(t *testing.T) {
	b, f, now := fakeBench(t, func(c *layers.Config) { c.Forget = time.Minute })
	w := want("env_1", "npm a=1", "pip none")
	first := b.get(w)
	if len(first.Failures) != 1 || first.Failures[0].Message != "pip: the environment's packages could not be installed: looking\nno such package: none" {
		t.Fatalf("%+v", first.Failures)
	}
	if got := first.Layers[0]; got.System != "" || got.Env["NODE_PATH"] == "" {
		t.Errorf("shown %+v", got)
	}
	second := b.get(w)
	if len(second.Failures) != 1 || f.runs.Load() != 2 {
		t.Errorf("%+v after %d installations", second.Failures, f.runs.Load())
	}
	second.Release()
	*now = now.Add(2 * time.Minute)
	third := b.get(w)
	if f.runs.Load() != 4 {
		t.Errorf("it was not tried again: %d", f.runs.Load())
	}
	if _, err := os.Stat(first.Layers[0].Tree + "/npm/a"); err != nil {
		t.Errorf("the layer in use is gone: %v", err)
	}
	first.Release()
	third.Release()
	*now = now.Add(2 * time.Minute)
	b.get(want("env_1", "npm b=1")).Release()
	if left := b.dirs(); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

func TestNoSandbox(t *testing.T) {
	b, f, _ := fakeBench(t)
	f.Started = func(hands.Spec) error { return errors.New("no memory") }
	l := b.get(want("env_1", "npm a=1", "pip b=1"))
	if len(l.Failures) != 2 || len(l.Layers) != 0 || !strings.Contains(l.Failures[1].Message, "pip: ") || !strings.Contains(l.Failures[1].Message, "no memory") {
		t.Errorf("%+v", l)
	}
	// A system that no sandbox can show isn't shown.
	f.Started = func(s hands.Spec) error {
		if s.Mounts == nil && !strings.Contains(s.Layers[0].System, "base.partial") {
			return errors.New("no link into a directory")
		}
		return nil
	}
	l = b.get(want("env_1", "apt a=1", "npm b=1", "pip c=1"))
	if len(l.Failures) != 2 || l.Failures[0].Manager != "apt" || l.Failures[1].Manager != "pip" || l.Layers[0].System != "" || l.Layers[0].Tree == "" {
		t.Errorf("%+v", l)
	}
}

// Where nothing can be laid over the system, pip has a directory of its own.
func TestNoOverlay(t *testing.T) {
	b, f, _ := fakeBench(t)
	f.Started = func(s hands.Spec) error {
		for _, l := range s.Layers {
			if l.System != "" {
				return errors.New("no overlay")
			}
		}
		return nil
	}
	l := b.get(want("env_1", "apt a=1", "pip c=1"))
	if len(l.Failures) != 1 || l.Failures[0].Manager != "apt" || !strings.Contains(l.Failures[0].Message, "no overlay") {
		t.Fatalf("%+v", l.Failures)
	}
	got := l.Layers[0]
	if got.System != "" || got.Env["PYTHONPATH"] != "/opt/packages/pip" || !slices.Equal(got.Bin, []string{"/opt/packages/pip/bin"}) {
		t.Errorf("%+v", got)
	}
}

func TestEviction(t *testing.T) {
	b, _, now := fakeBench(t, func(c *layers.Config) { c.MaxBytes = 250 << 10 })
	get := func(name string) *layers.Lease {
		*now = now.Add(time.Second)
		return b.get(want("env_1", "npm "+name+"=100000"))
	}
	there := func(want ...bool) {
		t.Helper()
		var got []bool
		for _, name := range []string{"a", "b", "c"} {
			found, err := filepath.Glob(b.cfg.Dir + "/*/tree/npm/" + name)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, len(found) == 1)
		}
		if !slices.Equal(got, want) {
			t.Errorf("there are %v, want %v", got, want)
		}
	}
	get("a").Release()
	get("b").Release()
	get("a").Release()
	get("c").Release()
	there(true, false, true)
	held := get("a")
	get("b").Release()
	there(true, true, false)
	get("c").Release()
	there(true, false, true)
	held.Release()
	// What was used last is known after a restart.
	get("c").Release()
	b.cfg.MaxBytes = 150 << 10
	b.open()
	there(false, false, true)
}

func TestCrash(t *testing.T) {
	b, f, _ := fakeBench(t)
	l := b.get(want("env_1", "pip a=1"))
	dir := filepath.Dir(l.Layers[0].System)
	for _, name := range []string{"half/tree", "ffff.partialX/tree"} {
		if err := os.MkdirAll(filepath.Join(b.cfg.Dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.open()
	if left := b.dirs(); len(left) != 1 || left[0] != filepath.Base(dir) {
		t.Errorf("there are %v", left)
	}
	if b.get(want("env_1", "pip a=1")); f.runs.Load() != 1 {
		t.Error("a complete layer was made again")
	}
	// Without its file a layer is none.
	if err := os.Remove(dir + "/layer.json"); err != nil {
		t.Fatal(err)
	}
	b.open()
	if b.get(want("env_1", "pip a=1")); f.runs.Load() != 2 {
		t.Error("half a layer was taken for one")
	}
}

func TestNames(t *testing.T) {
	b, f, _ := fakeBench(t)
	for _, name := range []string{"-r", "--index-url=x", "", " ", "a\nb", "a\x00b", "\x7f"} {
		if _, err := b.store.Get(t.Context(), layers.Want{Environment: "e", Lists: []layers.List{{Manager: "pip", Packages: []string{"ok", name}}}}); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	if f.Starts() > 0 {
		t.Error("a sandbox was started")
	}
}
