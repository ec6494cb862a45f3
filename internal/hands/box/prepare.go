package box

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ostlerdev/ostler/internal/hands"
)

// The limits of a sandbox whose spec leaves them out.
const (
	DefaultMemory    = 8 << 30
	DefaultProcesses = 1024
	DefaultDisk      = 10 << 30
)

func withDefaults(l hands.Limits) hands.Limits {
	if l.Memory == 0 {
		l.Memory = DefaultMemory
	}
	if l.Processes == 0 {
		l.Processes = DefaultProcesses
	}
	if l.Disk == 0 {
		l.Disk = DefaultDisk
	}
	if l.FileSize == 0 {
		l.FileSize = l.Disk
	}
	return l
}

// reserved are the first parts of paths at which nothing may be mounted.
var reserved = map[string]bool{
	"": true, "bin": true, "dev": true, "etc": true, "lib": true, "lib32": true, "lib64": true, "libx32": true,
	"proc": true, "run": true, "sbin": true, "sys": true, "usr": true, "var": true,
}

// validate refuses specs that would reach outside of what they may name.
func validate(spec hands.Spec) error {
	name, ok := strings.CutPrefix(spec.ID, "sbx_")
	if !ok || len(name) != 24 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return fmt.Errorf("sandbox id %q is not sbx_ and 24 lower-case letters or digits", spec.ID)
	}
	if !cleanAbs(spec.Dir) || spec.Dir == "/" {
		return fmt.Errorf("sandbox directory %q is not a clean absolute path", spec.Dir)
	}
	for _, m := range spec.Mounts {
		if !cleanAbs(m.Path) || !cleanAbs(m.Source) {
			return fmt.Errorf("mount %q at %q: not clean absolute paths", m.Source, m.Path)
		}
		if top, _, _ := strings.Cut(m.Path[1:], "/"); reserved[top] {
			return fmt.Errorf("mount %q at %q: the system's directories are not for mounts", m.Source, m.Path)
		}
	}
	if err := validateLayers(spec.Layers); err != nil {
		return err
	}
	if err := validateTrust(spec); err != nil {
		return err
	}
	for name, value := range environment(spec) {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return fmt.Errorf("%q can't be an environment variable", name)
		}
	}
	return nil
}

// ownVolumes is how many of a plan's volumes, the first, are of Spec.Dir.
const ownVolumes = 3

// prepare makes the host's directories of a sandbox and says what to launch.
// Whatever an earlier sandbox left in run/ is removed.
func prepare(cfg Config, spec hands.Spec, limits hands.Limits) (Plan, error) {
	run := filepath.Join(spec.Dir, "run")
	if err := os.RemoveAll(run); err != nil {
		return Plan{}, err
	}
	p := Plan{
		Driver: cfg.Driver, ID: spec.ID, Programs: cfg.Programs, Rootfs: cfg.Rootfs,
		Run: filepath.Join(run, "root"), Store: filepath.Join(run, "store"), Gate: spec.GateSocket,
		Wire: cfg.wireFor(spec),
		Volumes: []Volume{
			{Source: filepath.Join(spec.Dir, "workspace"), Path: hands.Workspace},
			{Source: filepath.Join(spec.Dir, "uploads"), Path: hands.Uploads, ReadOnly: true},
			{Source: filepath.Join(spec.Dir, "outputs"), Path: hands.Outputs},
		},
		TrustedCA: spec.TrustedCA,
		Memory:    limits.Memory, Processes: limits.Processes, Disk: limits.Disk, FileSize: limits.FileSize,
	}
	if cfg.Privileged {
		p.Owner = cfg.Owner
	}
	for _, dir := range []string{p.Run, p.Store, p.Volumes[0].Source, p.Volumes[1].Source, p.Volumes[2].Source} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return Plan{}, err
		}
	}
	for _, m := range spec.Mounts {
		p.Volumes = append(p.Volumes, Volume{Source: m.Source, Path: m.Path, ReadOnly: m.ReadOnly})
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

// Own gives what the server put at path, below a writable volume of a running
// sandbox, to root inside. (Start does so for what is there by then.) For a
// server that isn't privileged there is nothing to do.
func Own(cfg Config, path string) error {
	if !cfg.Privileged {
		return nil
	}
	return give(Volume{Source: path}, cfg.Owner)
}

// give makes a writable volume and all in it the property of root inside, as
// the server may have put files there. Of a read-only volume only the top is
// made passable.
func give(v Volume, owner int) error {
	if v.ReadOnly {
		info, err := os.Stat(v.Source)
		if err != nil {
			return err
		}
		return os.Chmod(v.Source, info.Mode().Perm()|0o055)
	}
	return filepath.WalkDir(v.Source, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) >= owner && int(st.Uid) < owner+IDs {
			return nil
		}
		return os.Lchown(path, owner, owner)
	})
}

// IDs is how many host ids, from Config.Owner on, a privileged server gives to
// sandboxes.
const IDs = 65536
