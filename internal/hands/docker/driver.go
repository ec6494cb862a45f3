// Package docker is the sandbox driver for those who have a container engine
// that speaks Docker's Engine API, and for macOS, where nothing else here can
// run. A sandbox is a container whose process 1 is the guest; the driver talks
// to it over the container's standard input and output.
//
// It is weaker than gVisor unless the engine's runtime is gVisor: programs
// inside talk to the kernel of the engine's machine, and whoever may use the
// engine is root there.
//
// Promises: those of [hands.Driver]; an agent's programs are an ordinary user
// without capabilities, and can get none; a container has no network but the
// interface that goes to [hands.Spec.Network], and of the host's files what the
// spec names; it ends when the server does; what is written outside the volumes
// goes to the container's own layer and ends with it.
//
// The engine must see the server's files at the same paths, so it is on the
// same machine, or in a virtual machine that shares them (Docker Desktop).
//
// The package may not import store, api, brain, wire or another driver.
package docker

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
	"github.com/ostlerdev/ostler/internal/hands/docker/inside"
)

// DefaultImage is the image of sandboxes for which no other is named: Debian
// with Python, git, curl, Perl and a C compiler.
const DefaultImage = "python:3.13-bookworm"

// Options of a driver.
type Options struct {
	// StateDir is an absolute directory of the driver's own, which the engine
	// must see. Two servers may not share it.
	StateDir string
	// Image is the name of the image of sandboxes; "" is [DefaultImage]. It is
	// pulled if the engine doesn't have it, and needs /bin/bash.
	Image string
	// Rootfs is a root file system directory to be used in place of an image,
	// or "".
	Rootfs string
	// Runtime is the engine's runtime to be used, such as runsc; "" is its
	// default.
	Runtime string
	// Guest is a program for the engine's machine that dispatches as package
	// roles does; "" is the running one on Linux, and one beside it elsewhere.
	Guest string
	// FirstID is the host id of an agent's programs when the server is root.
	// 0 means [box.DefaultFirstID].
	FirstID int
	// Log is told of what takes long; nil discards it.
	Log *slog.Logger
}

// Driver makes sandboxes of containers. It is safe for concurrent use.
type Driver struct {
	opts     Options
	api      *client.Client
	programs string // directory of the guest's names
	state    string // names the state directory in labels

	connect sync.Mutex
	engine  atomic.Pointer[engine]
	network box.Interface
	noIPv6  atomic.Bool
	images  images
}

var _ hands.Networked = (*Driver)(nil)

// New prepares the state directory. The engine, which is that of DOCKER_HOST
// and its companions in the environment, isn't asked for anything yet.
func New(opts Options) (*Driver, error) {
	d, err := newDriver(opts)
	if err != nil {
		return nil, fmt.Errorf("docker: %w", err)
	}
	return d, nil
}

func newDriver(opts Options) (*Driver, error) {
	for what, path := range map[string]string{"state directory": opts.StateDir, "rootfs": opts.Rootfs, "guest": opts.Guest} {
		if (path != "" || what == "state directory") && (!filepath.IsAbs(path) || filepath.Clean(path) != path) {
			return nil, fmt.Errorf("%s %q is not a clean absolute path", what, path)
		}
	}
	if opts.Image == "" {
		opts.Image = DefaultImage
	}
	if opts.FirstID == 0 {
		opts.FirstID = box.DefaultFirstID
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(opts.StateDir, 0o700); err != nil {
		return nil, err
	}
	api, err := client.New(socket("/var/run/docker.sock"), client.WithUserAgent("ostler"))
	if err != nil {
		return nil, err
	}
	d := &Driver{opts: opts, api: api, state: stateLabel(opts.StateDir)}
	d.images.made = map[string]*making{}
	return d, nil
}

// socket is Docker Desktop's socket if the environment names no engine and there
// is none at the usual path.
func socket(usual string) client.Opt {
	if _, err := os.Stat(usual); err == nil || os.Getenv(client.EnvOverrideHost) != "" {
		return client.FromEnv
	}
	if home, err := os.UserHomeDir(); err == nil {
		for _, path := range []string{".docker/run/docker.sock", ".docker/desktop/docker.sock"} {
			if path = filepath.Join(home, path); socketAt(path) {
				return client.WithHost("unix://" + path)
			}
		}
	}
	return client.FromEnv
}

func socketAt(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&os.ModeSocket != 0
}

// place puts the guest's program where containers get it from.
func (d *Driver) place(architecture string) error {
	guest, err := findGuest(d.opts.Guest, architecture)
	if err != nil {
		return err
	}
	d.programs, err = box.Programs(filepath.Join(d.opts.StateDir, "programs"), guest,
		filepath.Base(box.InsideGuest), inside.PrepareName)
	return err
}

// Name implements [hands.Driver].
func (d *Driver) Name() string { return "docker" }

// User is whom an agent's programs run as inside.
func (d *Driver) User() (name string, id int) {
	e := d.engine.Load()
	if e == nil || e.user == 0 {
		return "root", 0
	}
	return inside.UserName, e.user
}

// Isolation implements [hands.Driver].
func (d *Driver) Isolation() string {
	e := d.engine.Load()
	if e == nil {
		return "Docker: the engine has not been asked yet"
	}
	return e.isolation(d.opts.Runtime)
}

// Probe implements [hands.Driver]. It pulls the image if need be, which may take
// minutes. Where containers work only without a network interface they get none
// from then on; see Transparent.
func (d *Driver) Probe(ctx context.Context, dir string) error {
	if _, err := d.image(ctx, nil); err != nil {
		return err
	}
	err := box.Probe(ctx, d, dir)
	if err != nil && strings.Contains(err.Error(), ipv6Off) {
		d.noIPv6.Store(true) // the engine's kernel has none that could be on
		err = box.Probe(ctx, d, dir)
	}
	return d.network.Settle(err, func() error { return box.Probe(ctx, d, dir) })
}

// Transparent implements [hands.Networked]. An interface needs /dev/net/tun on
// the engine's machine.
func (d *Driver) Transparent() error { return d.network.Transparent() }

// System names what sandboxes show, once Probe has returned.
func (d *Driver) System() string {
	d.images.base.Lock()
	defer d.images.base.Unlock()
	if d.images.from == nil {
		return d.opts.Image
	}
	return d.images.from.id
}

// Start implements [hands.Driver].
func (d *Driver) Start(ctx context.Context, spec hands.Spec) (hands.Sandbox, error) {
	spec, err := box.Check(spec)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, hands.StartTimeout)
	defer cancel()
	if d.Transparent() != nil {
		spec.Network = nil
	}
	if spec.Network != nil {
		spec.GateSocket = ""
	}
	s, err := d.start(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("start docker sandbox: %w", err)
	}
	return s, nil
}

func (d *Driver) start(ctx context.Context, spec hands.Spec) (_ *Sandbox, err error) {
	img, err := d.image(ctx, spec.Layers)
	if err != nil {
		return nil, err
	}
	record, err := d.reserve(spec)
	if err != nil {
		return nil, err
	}
	c := &sandboxContainer{api: d.api, record: record, end: make(chan struct{}), gone: make(chan struct{})}
	config, err := d.plan(spec, img)
	if err == nil {
		err = c.start(ctx, config, spec.Network)
	}
	if err != nil {
		c.discard()
		if cerrdefs.IsNotFound(err) {
			d.forget()
		}
		return nil, err
	}
	if path, ok := img.env["PATH"]; ok && spec.Env["PATH"] == "" {
		// So that the directories of layers go before it.
		spec.Env = maps.Clone(spec.Env)
		if spec.Env == nil {
			spec.Env = map[string]string{}
		}
		spec.Env["PATH"] = path
	}
	user, _ := d.User()
	remote, err := box.StartRemote(ctx, c, c.in, c.out, spec, img.environment(user))
	if err != nil {
		return nil, err
	}
	return &Sandbox{Remote: remote, pid: c.pid}, nil
}

// Sandbox is a running sandbox; it implements [hands.Sandbox].
type Sandbox struct {
	*box.Remote
	pid int
}

// Pid is the guest's process as the engine's machine knows it, or 0.
func (s *Sandbox) Pid() int { return s.pid }
