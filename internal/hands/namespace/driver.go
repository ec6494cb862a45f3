// Package namespace is the sandbox driver for machines where gVisor can't run.
// It separates an agent's programs from the host by the kernel's own means:
// user, mount, PID, network, IPC, UTS and cgroup namespaces, a root file system
// of its own, a small set of capabilities, no_new_privs and a system call
// filter.
//
// It is weaker than gVisor: the programs inside talk to the host's kernel, and
// a flaw in that is a way out. It is used only where the operator asks for it
// by name.
//
// Promises: those of package box; in addition the only network interface
// besides loopback is the one that goes to hands.Spec.Network (a TUN device in
// the sandbox's network namespace), and the host's file system is visible only
// where package box shows it. Unlike with gVisor the system's directories can't be written, not even
// privately, and /proc shows the host's kernel.
//
// Landlock isn't used: the file system inside is made of mounts that deny what
// its rules would, and it can't allow new names in / without allowing all of
// it.
//
// The package may not import store, api, brain or wire.
package namespace

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
)

// Options of a driver. They are those of the gVisor driver.
type Options struct {
	// StateDir is an absolute directory of the driver's own, on a file system
	// that allows programs to be executed. Two servers may not share it.
	StateDir string
	// Executable is the binary to run as launcher and guest; "" is the running
	// one. It must dispatch as package roles does.
	Executable string
	// Rootfs is a root file system directory to show in place of the host's
	// system, or "".
	Rootfs string
	// FirstID is the host id that is root inside when the server is root; this
	// and the following 65,535 ids must belong to nobody else. 0 means
	// [box.DefaultFirstID].
	FirstID int
}

// Driver makes sandboxes of namespaces. It is safe for concurrent use.
type Driver struct {
	cfg     box.Config
	network box.Interface
}

var (
	_ hands.Networked = (*Driver)(nil)
	_ hands.Adopter   = (*Driver)(nil)
)

// New prepares the state directory. It fails if that can't be written or the
// executable can't be found there.
func New(opts Options) (*Driver, error) {
	cfg, err := box.NewConfig(box.ConfigOptions{
		Driver: "namespace", StateDir: opts.StateDir, Executable: opts.Executable,
		Rootfs: opts.Rootfs, FirstID: opts.FirstID,
	})
	if err != nil {
		return nil, fmt.Errorf("namespace: %w", err)
	}
	cfg.Cloneflags = unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	cfg.Wire = box.TUN
	return &Driver{cfg: cfg}, nil
}

// Name implements [hands.Driver].
func (d *Driver) Name() string { return "namespace" }

// Isolation implements [hands.Driver].
func (d *Driver) Isolation() string {
	return "namespaces and a system call filter: programs inside share the host's kernel, which is weaker than gVisor, with no network but the gate; " + d.cfg.LimitsNote()
}

// Probe implements [hands.Driver]. Where sandboxes work only without a network
// interface they get none from then on; see Transparent.
func (d *Driver) Probe(ctx context.Context, dir string) error {
	probe := func() error { return box.Probe(ctx, d, dir) }
	return d.network.Settle(probe(), probe)
}

// Transparent implements [hands.Networked]. An interface needs /dev/net/tun,
// which many containers don't have.
func (d *Driver) Transparent() error { return d.network.Transparent() }

// Start implements [hands.Driver].
func (d *Driver) Start(ctx context.Context, spec hands.Spec) (hands.Sandbox, error) {
	if d.Transparent() != nil {
		spec.Network = nil
	}
	s, err := box.Start(ctx, d.cfg, spec)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Shelves implements [hands.Adopter]. A guest that may mount is nothing for the
// host's kernel.
func (d *Driver) Shelves() bool { return false }

// Move implements [hands.Adopter].
func (d *Driver) Move(s hands.Sandbox, dir string) error { return box.Move(s, dir) }

// Adopt implements [hands.Adopter].
func (d *Driver) Adopt(ctx context.Context, s hands.Sandbox, spec hands.Spec) error {
	return box.Adopt(ctx, s, spec)
}

// Sweep implements [hands.Driver].
func (d *Driver) Sweep(ctx context.Context) error { return box.Sweep(ctx, d.cfg) }
