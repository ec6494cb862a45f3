// Package gvisor is the sandbox driver that puts gVisor's kernel, linked into
// this binary, between an agent's programs and the host's. It needs no KVM
// (platform systrap) and runs as root or as an ordinary user who may make user
// namespaces.
//
// Promises: those of package box; in addition no system call of a program
// inside reaches the host's kernel unfiltered, the only network interface
// besides loopback is the one that goes to hands.Spec.Network, and the host's
// file system is visible only where package box shows it. Writes outside the volumes go to a private layer that ends with the
// sandbox.
//
// The package may not import store, api, brain or wire.
package gvisor

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
)

// Options of a driver.
type Options struct {
	// StateDir is an absolute directory of the driver's own, on a file system
	// that allows programs to be executed. Two servers may not share it.
	StateDir string
	// Executable is the binary to run as launcher, gVisor and guest; "" is the
	// running one. It must dispatch as package roles does.
	Executable string
	// Rootfs is a root file system directory to show in place of the host's
	// system, or "".
	Rootfs string
	// AptSources are lines of a sources.list for apt inside, in place of the
	// host's public sources, or "". A root file system has its own.
	AptSources string
	// FirstID is the host id that is root inside when the server is root; this
	// and the following 65,535 ids must belong to nobody else. 0 means 2000000000.
	FirstID int
	// Patience is how long a start may take before it is given up and made
	// again, once; 0 is 8 seconds, many times what it takes. gVisor's kernel
	// can lose sight of a thread for ever (google/gvisor#14405), the first one
	// included.
	Patience time.Duration
	Log      *slog.Logger // nil is none
}

// Driver makes gVisor sandboxes. It is safe for concurrent use.
type Driver struct{ cfg box.Config }

var (
	_ hands.Networked = (*Driver)(nil)
	_ hands.Suspender = (*Driver)(nil)
	_ hands.Adopter   = (*Driver)(nil)
)

// New prepares the state directory. It fails if that can't be written or the
// executable can't be found there.
func New(opts Options) (*Driver, error) {
	cfg, err := box.NewConfig(box.ConfigOptions{
		Driver: "gvisor", StateDir: opts.StateDir, Executable: opts.Executable, Rootfs: opts.Rootfs,
		FirstID: opts.FirstID, Programs: []string{sentryProgram, prewarmerProgram},
	})
	if err != nil {
		return nil, fmt.Errorf("gvisor: %w", err)
	}
	cfg.Patience, cfg.Log = cmp.Or(opts.Patience, 8*time.Second), opts.Log
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Cloneflags = unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	cfg.Wire, cfg.Apt = box.Pair, &box.Apt{Sources: opts.AptSources}
	cfg.Checkpoint, cfg.Shelf = checkpointFiles, true
	return &Driver{cfg: cfg}, nil
}

// Name implements [hands.Driver].
func (d *Driver) Name() string { return "gvisor" }

// Isolation implements [hands.Driver].
func (d *Driver) Isolation() string {
	return "gVisor: programs inside talk to a kernel of their own in user space, with no network but the gate; " + d.cfg.LimitsNote()
}

// Probe implements [hands.Driver].
func (d *Driver) Probe(ctx context.Context, dir string) error { return box.Probe(ctx, d, dir) }

// Transparent implements [hands.Networked]. The interface takes nothing that a
// machine could lack.
func (d *Driver) Transparent() error { return nil }

// Start implements [hands.Driver].
func (d *Driver) Start(ctx context.Context, spec hands.Spec) (hands.Sandbox, error) {
	s, err := box.Start(ctx, d.cfg, spec)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Suspend implements [hands.Suspender].
func (d *Driver) Suspend(ctx context.Context, s hands.Sandbox, path string) error {
	return box.Suspend(ctx, d.cfg, s, path)
}

// Resume implements [hands.Suspender].
func (d *Driver) Resume(ctx context.Context, spec hands.Spec, path string) (hands.Sandbox, error) {
	s, err := box.Resume(ctx, d.cfg, spec, path)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Shelves implements [hands.Adopter].
func (d *Driver) Shelves() bool { return true }

// Move implements [hands.Adopter].
func (d *Driver) Move(s hands.Sandbox, dir string) error { return box.Move(s, dir) }

// Adopt implements [hands.Adopter].
func (d *Driver) Adopt(ctx context.Context, s hands.Sandbox, spec hands.Spec) error {
	return box.Adopt(ctx, s, spec)
}

// Sweep implements [hands.Driver].
func (d *Driver) Sweep(ctx context.Context) error { return box.Sweep(ctx, d.cfg) }
