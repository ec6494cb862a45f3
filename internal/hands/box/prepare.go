//go:build linux

package box

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/hands"
)

// prepare makes the host's directories of a sandbox and says what to launch.
// Whatever an earlier sandbox left in run/ is removed.
func prepare(cfg Config, spec hands.Spec, limits hands.Limits) (Plan, error) {
	run := filepath.Join(spec.Dir, "run")
	if err := hands.RemoveAll(run); err != nil {
		return Plan{}, err
	}
	p := Plan{
		Driver: cfg.Driver, ID: spec.ID, Programs: cfg.Programs, Rootfs: cfg.Rootfs,
		Run: filepath.Join(run, "root"), Store: filepath.Join(run, "store"), Gate: spec.GateSocket,
		Wire:    cfg.wireFor(spec),
		Volumes: ownVolumes(spec), Shelf: spec.Shelf,
		TrustedCA: spec.TrustedCA, Apt: cfg.Apt,
		Memory: limits.Memory, Processes: limits.Processes, Disk: limits.Disk, FileSize: limits.FileSize,
	}
	if cfg.Privileged {
		p.Owner = cfg.Owner
	}
	dirs := []string{p.Run, p.Store}
	for _, v := range p.Volumes {
		dirs = append(dirs, v.Source)
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return Plan{}, err
		}
	}
	if !spec.Shelf {
		if err := os.RemoveAll(copies(spec.Dir)); err != nil {
			return Plan{}, err
		}
		for _, m := range spec.Mounts {
			p.Volumes = append(p.Volumes, Volume{Source: m.Source, Path: m.Path, ReadOnly: m.ReadOnly})
		}
	}
	if err := clearPlaces(p.Volumes); err != nil {
		return Plan{}, err
	}
	p.addLayers(spec.Layers)
	if p.Owner == 0 {
		return p, nil
	}
	for _, v := range p.Volumes {
		if err := give(v, p.Owner); err != nil {
			return Plan{}, err
		}
	}
	if p.Gate != "" {
		if err := os.Lchown(p.Gate, p.Owner, p.Owner); err != nil {
			return Plan{}, fmt.Errorf("gate socket: %w", err)
		}
	}
	return p, os.Chown(p.Store, p.Owner, p.Owner)
}
