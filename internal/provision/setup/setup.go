// Package setup runs the server's own scripts in sandboxes that no agent ever
// sees: to install packages, to clone repositories. Such a sandbox is made for
// one purpose, by the driver that makes those of sessions, with a way out of
// its own through the gate, and is thrown away.
//
// Promises: a script gets its arguments as an argument vector, never through a
// shell; what a script prints reaches the caller as plain text, bounded; at
// most Config.Max of these sandboxes are there at once; when Close has
// returned, nothing runs in one any more and its directory is gone. What a
// crashed server left in the directory is removed by New.
//
// The package may not import store, api, brain, journal or sandboxes.
package setup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/netstack"
	"github.com/ostlerdev/ostler/internal/hands"
)

// Config is what a Runner works with.
type Config struct {
	Driver hands.Driver
	Gate   *gate.Gate
	// Dir holds a directory for each sandbox. It must be the Runner's own, and
	// private to the server.
	Dir string
	// SocketDir holds the gate's sockets; its path must be short.
	SocketDir string
	Limits    hands.Limits
	// Max bounds the sandboxes at once; 0 is one for each CPU, and at least 4.
	Max int
}

// Runner makes setup sandboxes. It is safe for concurrent use.
type Runner struct {
	cfg   Config
	slots chan struct{}
}

// New makes a Runner over an empty directory: what is in it is removed.
func New(c Config) (*Runner, error) {
	if c.Max == 0 {
		c.Max = max(4, runtime.NumCPU())
	}
	if err := hands.RemoveAll(c.Dir); err != nil {
		return nil, fmt.Errorf("what earlier setup sandboxes left: %w", err)
	}
	if err := os.MkdirAll(c.Dir, 0o711); err != nil {
		return nil, err
	}
	return &Runner{cfg: c, slots: make(chan struct{}, c.Max)}, nil
}

// Spec says what a setup sandbox shows and reaches.
type Spec struct {
	// For names what the sandbox is for in the gate's audit, such as a
	// session's id.
	For string
	// Out is the way out. Its ID is set by Start.
	Out gate.Session
	// Mounts may have sources below Room.Outputs, which is why they are asked
	// for when that is known; nil is none.
	Mounts func(outputs string) ([]hands.Mount, error)
	Layers []hands.Layer
	Env    map[string]string
}

// Room is a running setup sandbox. Its methods are not for concurrent use.
type Room struct {
	r       *Runner
	dir     string
	port    *gate.Port
	sandbox hands.Sandbox
	steps   int
}

// Start makes a setup sandbox. It waits while there are too many of them.
func (r *Runner) Start(ctx context.Context, spec Spec) (room *Room, err error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	id := "sbx_" + strings.ToLower(rand.Text())[:24]
	room = &Room{r: r, dir: filepath.Join(r.cfg.Dir, id)}
	defer func() {
		if err != nil {
			err = errors.Join(err, room.Close())
			room = nil
		}
	}()
	if err := os.MkdirAll(room.inputs(), 0o755); err != nil {
		return room, err
	}
	if err := os.MkdirAll(room.Outputs(), 0o755); err != nil {
		return room, err
	}
	box := hands.Spec{ID: id, Dir: room.dir, Layers: spec.Layers, Env: spec.Env, Limits: r.cfg.Limits,
		GateSocket: filepath.Join(r.cfg.SocketDir, id)}
	if spec.Mounts != nil {
		if box.Mounts, err = spec.Mounts(room.Outputs()); err != nil {
			return room, err
		}
	}
	if ca := spec.Out.CA; ca != nil {
		box.TrustedCA = ca.PEM()
	}
	box.Network = func(packets *os.File) (io.Closer, error) { return netstack.New(packets, room.port) }
	spec.Out.ID = spec.For
	if room.port, err = r.cfg.Gate.Open(box.GateSocket, spec.Out); err != nil {
		return room, err
	}
	if room.sandbox, err = r.cfg.Driver.Start(ctx, box); err != nil {
		return room, fmt.Errorf("start a setup sandbox: %w", err)
	}
	return room, nil
}

// Paths inside.
const (
	Inputs  = hands.Uploads   // scripts and their arguments, read-only
	Outputs = hands.Outputs   // for what is made
	Work    = hands.Workspace // working directory
)

func (m *Room) inputs() string { return filepath.Join(m.dir, "uploads") }

// Outputs is the host directory of what is made at Outputs inside. It is
// removed by Close. What is in it was written by code from elsewhere: links in
// it may not be followed.
func (m *Room) Outputs() string { return filepath.Join(m.dir, "outputs") }

// Work is the host directory of the working directory inside, of which the
// same holds.
func (m *Room) Work() string { return filepath.Join(m.dir, "workspace") }

// Stop ends the sandbox and keeps its directory. It is idempotent.
func (m *Room) Stop() error {
	var errs []error
	if m.sandbox != nil {
		errs = append(errs, m.sandbox.Close(context.Background()))
		m.sandbox = nil
	}
	if m.port != nil {
		errs = append(errs, m.port.Close())
		m.port = nil
	}
	return errors.Join(errs...)
}

// Close ends the sandbox and removes its directory. It is idempotent.
func (m *Room) Close() error {
	if m.r == nil {
		return nil
	}
	err := errors.Join(m.Stop(), hands.RemoveAll(m.dir))
	<-m.r.slots
	m.r = nil
	return err
}
