package docker

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"github.com/ostlerdev/ostler/internal/hands/box"
)

// engine is what the driver must know of the container engine.
type engine struct {
	name       string
	remapped   bool // it gives containers a user namespace, unless told otherwise
	unfiltered bool // without a filter of system calls
	memory     bool // limits hold
	processes  bool
	// user is whom an agent's programs run as inside; owner is who owns their
	// files on the host, or 0 if those who make files there own them already.
	user, owner int
}

// ask gets to know the engine, once.
func (d *Driver) ask(ctx context.Context) (*engine, error) {
	d.connect.Lock()
	defer d.connect.Unlock()
	if e := d.engine.Load(); e != nil {
		return e, nil
	}
	info, err := d.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return nil, fmt.Errorf("the container engine at %s: %w", d.api.DaemonHost(), err)
	}
	if info.Info.OSType != "linux" {
		return nil, fmt.Errorf("the container engine makes containers of %q, not of linux", info.Info.OSType)
	}
	if d.opts.Runtime != "" {
		if _, ok := info.Info.Runtimes[d.opts.Runtime]; !ok {
			return nil, fmt.Errorf("the container engine has no runtime %q", d.opts.Runtime)
		}
	}
	e := describe(info.Info, os.Geteuid(), d.opts.FirstID)
	if err := d.place(info.Info.Architecture); err != nil {
		return nil, err
	}
	d.engine.Store(e)
	return e, nil
}

// describe says what the server, which runs as user uid, must know of an
// engine. Where the engine's root is an ordinary user of the host, root inside
// is that user and nobody else's files can be had. Elsewhere root inside would
// be root, so that programs run as the server's own user, or if that is root,
// as firstID.
func describe(info system.Info, uid, firstID int) *engine {
	has := func(option string) bool {
		return slices.ContainsFunc(info.SecurityOptions, func(s string) bool {
			return slices.Contains(strings.Split(s, ","), option)
		})
	}
	e := &engine{
		name: "Docker " + info.ServerVersion, memory: info.MemoryLimit, processes: info.PidsLimit,
		remapped:   has("name=userns"),
		unfiltered: !has("name=seccomp") || has("profile=unconfined"),
	}
	switch {
	case has("name=rootless"):
	case uid == 0:
		e.user, e.owner = firstID, firstID
	default:
		e.user = uid
	}
	return e
}

// isolation is [hands.Driver.Isolation].
func (e *engine) isolation(runtime string) string {
	user := "an ordinary user"
	if e.user == 0 {
		user = "root of a user namespace"
	}
	kernel := "share the kernel of the engine's machine, which is weaker than gVisor"
	if runtime != "" {
		kernel = "run in the engine's runtime " + runtime
	}
	s := fmt.Sprintf("%s: programs inside %s; they are %s without capabilities, with no network but the gate", e.name, kernel, user)
	if e.unfiltered {
		s += "; the engine doesn't filter their system calls"
	}
	switch {
	case e.memory && e.processes:
		return s + "; memory and processes bounded by the engine"
	case e.memory:
		return s + "; memory bounded by the engine, processes not bounded"
	}
	return s + "; MEMORY NOT BOUNDED, the engine can't"
}

// machines are the names that engines have for architectures.
var machines = map[string]struct {
	elf elf.Machine
	go_ string
}{
	"x86_64": {elf.EM_X86_64, "amd64"}, "amd64": {elf.EM_X86_64, "amd64"},
	"aarch64": {elf.EM_AARCH64, "arm64"}, "arm64": {elf.EM_AARCH64, "arm64"},
}

// findGuest finds the program to be the guest on a machine of an architecture,
// and makes sure that it can run there.
func findGuest(named, architecture string) (string, error) {
	machine, known := machines[architecture]
	if named == "" {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		named = self
		if runtime.GOOS != "linux" {
			if !known {
				return "", fmt.Errorf("the engine's machine is a %s: name a program for it with --guest", architecture)
			}
			named = filepath.Join(filepath.Dir(self), "ostler-guest-linux-"+machine.go_)
		}
	}
	f, err := elf.Open(named)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("there is no program %s to run inside of containers: build it with \"make guest\", or name one with --guest", named)
	}
	if err != nil {
		return "", fmt.Errorf("the program to run inside of containers: %s: %w", named, err)
	}
	defer f.Close()
	if known && f.Machine != machine.elf {
		return "", fmt.Errorf("the program %s is for %s, and the engine's machine is %s: name another with --guest", named, f.Machine, architecture)
	}
	return named, box.Static(named)
}
