//go:build linux

package box

import (
	"fmt"
	"os"
	"path/filepath"
)

// ConfigOptions are what a driver's own options come down to.
type ConfigOptions struct {
	Driver     string
	StateDir   string   // absolute
	Executable string   // "" is the running binary
	Rootfs     string   // absolute, or ""
	FirstID    int      // 0 is [DefaultFirstID]
	Programs   []string // names of the binary that the driver needs besides ours
}

// LimitsNote says how the limit of memory holds, for a driver's sentence about
// its isolation.
func (c Config) LimitsNote() string {
	if c.Cgroups != nil {
		return "memory bounded by the kernel"
	}
	return "memory watched once a second, not bounded by the kernel"
}

// NewConfig prepares the state directory.
func NewConfig(opts ConfigOptions) (Config, error) {
	if !cleanAbs(opts.StateDir) {
		return Config{}, fmt.Errorf("state directory %q is not a clean absolute path", opts.StateDir)
	}
	if opts.Rootfs != "" && !cleanAbs(opts.Rootfs) {
		return Config{}, fmt.Errorf("rootfs %q is not a clean absolute path", opts.Rootfs)
	}
	if opts.FirstID == 0 {
		opts.FirstID = DefaultFirstID
	}
	if opts.Executable == "" {
		exe, err := os.Executable()
		if err != nil {
			return Config{}, err
		}
		opts.Executable = exe
	}
	if err := Static(opts.Executable); err != nil {
		return Config{}, err
	}
	if err := os.MkdirAll(opts.StateDir, 0o700); err != nil {
		return Config{}, err
	}
	programs, err := Programs(filepath.Join(opts.StateDir, "programs"), opts.Executable,
		append([]string{Launcher, guestProgram}, opts.Programs...)...)
	if err != nil {
		return Config{}, err
	}
	cfg := Config{
		Driver: opts.Driver, StateDir: opts.StateDir, Programs: programs,
		Rootfs: opts.Rootfs, Owner: opts.FirstID, Privileged: Privileged(),
	}
	if cfg.Privileged {
		// Without control groups the limits of memory are watched instead.
		if groups, err := FindCgroups("ostler"); err == nil {
			cfg.Cgroups = groups
		}
	}
	return cfg, nil
}
