package layers_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/layers"
	"github.com/ostlerdev/ostler/internal/provision/provisiontest"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestMain(m *testing.M) { provisiontest.Main(m) }

// bench is a store over a real driver with a registry.
type bench struct {
	*provisiontest.Rig
	t        *testing.T
	registry *provisiontest.Registry
	cfg      layers.Config
	store    *layers.Store
}

func newBench(t *testing.T, r *provisiontest.Rig, change ...func(*layers.Config)) *bench {
	t.Helper()
	b := &bench{Rig: r, t: t, registry: provisiontest.NewRegistry(t)}
	b.registry.Join(t, r)
	registries, err := layers.ParseRegistries(b.registry.URLs())
	if err != nil {
		t.Fatal(err)
	}
	b.cfg = layers.Config{Dir: r.Dir + "/layers", Runner: r.Runner, Driver: r.Driver.Name(), Registries: registries, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, f := range change {
		f(&b.cfg)
	}
	b.open()
	t.Cleanup(func() { b.store.Close() })
	return b
}

func (b *bench) open() {
	b.t.Helper()
	if b.store != nil {
		b.store.Close()
	}
	var err error
	if b.store, err = layers.New(b.cfg); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) get(w layers.Want) *layers.Lease {
	b.t.Helper()
	l, err := b.store.Get(b.t.Context(), w)
	if err != nil {
		b.t.Fatal(err)
	}
	return l
}

// asked is how many requests do made to the registry.
func (b *bench) asked(do func()) int {
	before := len(b.registry.Requests())
	do()
	return len(b.registry.Requests()) - before
}

// check runs commands in a sandbox that shows the layers of a lease.
func (b *bench) check(l *layers.Lease, want map[string]string) {
	b.t.Helper()
	box, err := b.Driver.Start(b.t.Context(), hands.Spec{ID: "sbx_000000000000000000000001", Dir: b.t.TempDir(), Layers: l.Layers})
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() {
		if err := box.Close(b.t.Context()); err != nil {
			b.t.Error(err)
		}
	}()
	for command, text := range want {
		input, err := json.Marshal(map[string]string{"command": command})
		if err != nil {
			b.t.Fatal(err)
		}
		r, err := box.Run(b.t.Context(), hands.Call{Tool: "bash", Input: input})
		if err != nil {
			b.t.Fatal(err)
		}
		var got struct{ Text string }
		if err := json.Unmarshal(r.Content[0], &got); err != nil {
			b.t.Fatal(err)
		}
		if strings.TrimSpace(got.Text) != text {
			b.t.Errorf("%s: %q, want %q", command, strings.TrimSpace(got.Text), text)
		}
	}
}

func has(program string) bool {
	_, err := os.Stat("/usr/bin/" + program)
	return err == nil
}

// machine is what can be installed on this machine, and what shows that it was.
func machine(t *testing.T) (lists []layers.List, want map[string]string) {
	want = map[string]string{}
	if has("apt-get") && has("dpkg-deb") {
		lists = append(lists, layers.List{Manager: "apt", Packages: []string{"ostler-try=1.0"}})
		want["apt-try"] = "apt"
		want["cat /etc/ostler-try.conf /var/lib/ostler-try/data"] = "conf\ndata"
	}
	if has("npm") {
		lists = append(lists, layers.List{Manager: "npm", Packages: []string{"ostler-try@1.0.0"}})
		want["npm-try"] = "npm"
		want[`node -e 'console.log(require("ostler-try"))'`] = "npm"
	}
	if has("python3") && exec.Command("/usr/bin/python3", "-m", "pip", "--version").Run() == nil {
		lists = append(lists, layers.List{Manager: "pip", Packages: []string{"ostler_try == 1.0"}})
		want["pip-try"] = "pip"
		want["python3 -c 'import ostler_try; ostler_try.main()'"] = "pip"
		want["python3 -c 'import ostler_try; print(ostler_try.__file__.startswith(\"/usr/\"))'; echo $PYTHONPATH"] = "True"
	}
	if len(lists) == 0 {
		t.Skip("this machine has no package manager")
	}
	return lists, want
}

var limited = &wire.Networking{Type: wire.TypeLimited, LimitedNetwork: &wire.LimitedNetwork{AllowedHosts: []string{}, AllowPackageManagers: true}}

func TestManagers(t *testing.T) {
	b := newBench(t, provisiontest.New(t))
	lists, want := machine(t)
	if want["apt-try"] != "" {
		want["test -e /usr/share/doc/ostler-try || echo no documents"] = "no documents"
		want["cat /var/lib/ostler-try/state; dpkg-query -W -f '${Status}' ostler-try; echo; grep -c ^ostler-try: /etc/passwd"] =
			"configured\ninstall ok installed\n1"
	}
	w := layers.Want{Environment: "env_1", Networking: limited, Lists: lists}
	var l *layers.Lease
	if n := b.asked(func() { l = b.get(w) }); n == 0 {
		t.Error("nobody asked the registry")
	}
	if len(l.Failures) > 0 {
		t.Errorf("failures %+v", l.Failures)
	}
	b.check(l, want)
	l.Release()
	if n := b.asked(func() { b.check(b.get(w), want) }); n > 0 {
		t.Errorf("the second time the registry was asked %d times", n)
	}
	if want["apt-try"] != "" {
		// An agent's own dpkg knows it, too.
		b.check(b.get(w), map[string]string{
			"apt-get remove -q -y ostler-try >/tmp/said 2>&1 || cat /tmp/said; which apt-try; dpkg-query -W -f '${Status}' ostler-try": "deinstall ok config-files",
		})
	}
	if want["pip-try"] != "" {
		// It is a part of the system like any other, and can go.
		b.check(b.get(w), map[string]string{
			"PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip uninstall -y -q ostler-try 2>/dev/null; python3 -c 'import ostler_try' 2>&1 | tail -1": "ModuleNotFoundError: No module named 'ostler_try'",
		})
	}
	b.open()
	if n := b.asked(func() { b.check(b.get(w), want) }); n > 0 {
		t.Errorf("after a restart the registry was asked %d times", n)
	}
	for _, rec := range b.Audit() {
		if rec.Session != "env_1" || rec.Verdict == gate.Allowed && rec.Host != b.registry.Host() {
			t.Errorf("a setup sandbox reached %+v", rec)
		}
	}
}

func TestGo(t *testing.T) {
	if _, err := os.Stat("/usr/local/go/bin/go"); err != nil && !has("go") {
		t.Skip("no Go below /usr")
	}
	if testing.Short() {
		t.Skip("compiles in a sandbox")
	}
	b := newBench(t, provisiontest.New(t))
	l := b.get(layers.Want{Environment: "env_1", Networking: limited, Lists: []layers.List{{Manager: "go", Packages: []string{"registry.test/go-try"}}}})
	if len(l.Failures) > 0 {
		t.Fatalf("failures %+v", l.Failures)
	}
	b.check(l, map[string]string{"go-try": "go"})
}

func TestNamespaceDriver(t *testing.T) {
	b := newBench(t, provisiontest.NewNamespace(t))
	lists, want := machine(t)
	l := b.get(layers.Want{Environment: "env_1", Lists: lists})
	if len(l.Failures) > 0 {
		t.Errorf("failures %+v", l.Failures)
	}
	b.check(l, want)
}

func TestAsUser(t *testing.T) {
	provisiontest.AsUser(t, "TestManagers", "TestNamespaceDriver")
}

func TestFailures(t *testing.T) {
	b := newBench(t, provisiontest.New(t))
	lists, want := machine(t)
	for i := range lists {
		if lists[i].Manager != "npm" {
			lists[i].Packages = append(lists[i].Packages, "ostler-none")
		}
	}
	for command := range want {
		if !strings.Contains(command, "npm") && !strings.Contains(command, "node") {
			delete(want, command)
		}
	}
	want["which apt-try pip-try"] = "exit code: 1"
	l := b.get(layers.Want{Environment: "env_1", Networking: limited, Lists: lists})
	var failed []string
	for _, f := range l.Failures {
		failed = append(failed, f.Manager)
		if !strings.HasPrefix(f.Message, f.Manager+": the environment's packages could not be installed: ") || !strings.Contains(f.Message, "ostler-none") {
			t.Errorf("message %q", f.Message)
		}
	}
	for _, list := range lists {
		if slices.Contains(failed, list.Manager) != (list.Manager != "npm") {
			t.Errorf("failures %v", failed)
		}
	}
	b.check(l, want)
}

func TestLimit(t *testing.T) {
	b := newBench(t, provisiontest.New(t), func(c *layers.Config) { c.Limit = 3 * time.Second })
	if !has("python3") {
		t.Skip("no Python")
	}
	b.registry.Hang("/pip/ostler-try")
	l := b.get(layers.Want{Environment: "env_1", Lists: []layers.List{{Manager: "pip", Packages: []string{"ostler-try"}}}})
	if len(l.Failures) != 1 || !strings.Contains(l.Failures[0].Message, "pip: ") || !strings.Contains(l.Failures[0].Message, "it took longer than 3s") {
		t.Errorf("failures %+v", l.Failures)
	}
}
