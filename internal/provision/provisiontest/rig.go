// Package provisiontest is what the tests of provisioning share: a real driver
// and gate with a runner of setup sandboxes over them, and servers that stand
// for package registries and a git host. They run as root and, if that is who
// runs them, as an ordinary user too.
package provisiontest

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/gvisor"
	"github.com/ostlerdev/ostler/internal/hands/handstest"
	"github.com/ostlerdev/ostler/internal/hands/namespace"
	"github.com/ostlerdev/ostler/internal/hands/roles"
	"github.com/ostlerdev/ostler/internal/provision/setup"
)

// Main is what TestMain must do. It doesn't return.
func Main(m *testing.M) {
	roles.Dispatch()
	handstest.Exit(m)
}

// Rig is a driver, a gate and a runner.
type Rig struct {
	Driver  hands.Driver
	Gate    *gate.Gate
	Dialer  *dial.Dialer
	Runner  *setup.Runner
	Dir     string // empty, on the file system of the runner's
	Sockets string

	mu    sync.Mutex
	audit []gate.Record
}

// Option changes the gate of a Rig before it is made.
type Option func(*gate.Config)

// New makes a Rig with the gVisor driver.
func New(t testing.TB, options ...Option) *Rig {
	t.Helper()
	if os.Geteuid() != 0 {
		handstest.NeedNamespaces(t)
	}
	return newRig(t, func(state string) (hands.Driver, error) { return gvisor.New(gvisor.Options{StateDir: state}) }, options)
}

// NewNamespace makes a Rig with the namespace driver.
func NewNamespace(t testing.TB, options ...Option) *Rig {
	t.Helper()
	if os.Geteuid() != 0 {
		handstest.NeedNamespaces(t)
	}
	return newRig(t, func(state string) (hands.Driver, error) { return namespace.New(namespace.Options{StateDir: state}) }, options)
}

// NewFake makes a Rig with a driver that only pretends.
func NewFake(t testing.TB, f *Fake) *Rig {
	t.Helper()
	return newRig(t, func(string) (hands.Driver, error) { return f, nil }, nil)
}

func newRig(t testing.TB, open func(string) (hands.Driver, error), options []Option) *Rig {
	t.Helper()
	dir := t.TempDir()
	sockets, err := os.MkdirTemp("", "o")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(sockets, 0o711), os.Mkdir(dir+"/data", 0o700)); err != nil {
		t.Fatal(err)
	}
	r := &Rig{Dir: dir + "/data", Sockets: sockets, Dialer: &dial.Dialer{Names: dial.Names{}}}
	if r.Driver, err = open(dir + "/state"); err != nil {
		t.Fatal(err)
	}
	if err := r.Driver.Probe(t.Context(), dir+"/probe"); err != nil {
		t.Fatal(err)
	}
	cfg := gate.Config{Dialer: r.Dialer, Audit: func(rec gate.Record) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.audit = append(r.audit, rec)
	}}
	for _, o := range options {
		o(&cfg)
	}
	r.Gate = gate.New(cfg)
	r.Runner, err = setup.New(setup.Config{Driver: r.Driver, Gate: r.Gate, Dir: filepath.Join(dir, "setup"), SocketDir: sockets})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(r.Gate.Close(), os.RemoveAll(sockets)); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(dir + "/setup"); err != nil || len(left) > 0 {
			t.Errorf("setup sandboxes left %v, %v", left, err)
		}
	})
	return r
}

// Name makes the gate take a name for the address of a server of the test. It
// must be called before the gate is used.
func (r *Rig) Name(t testing.TB, name, address string) {
	t.Helper()
	names, err := dial.ParseNames(name + "=" + address)
	if err != nil {
		t.Fatal(err)
	}
	for host, to := range names {
		r.Dialer.Names[host] = to
	}
}

// Audit is what has gone through the gate.
func (r *Rig) Audit() []gate.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]gate.Record(nil), r.audit...)
}
