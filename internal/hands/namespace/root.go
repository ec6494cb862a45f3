package namespace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
)

const workdir = hands.Workspace

// onDisk are the directories that are kept on the host's disk rather than in
// the memory that holds the rest of the root, with their modes.
var onDisk = map[string]fs.FileMode{
	"/tmp": 0o777 | fs.ModeSticky, "/var/tmp": 0o777 | fs.ModeSticky, "/root": 0o700, "/home": 0o755, "/opt": 0o755,
	"/srv": 0o755, "/var/cache": 0o755,
}

// masked are files of /proc that tell or do more than a program inside needs.
var masked = []string{
	"acpi", "asound", "config.gz", "kallsyms", "kcore", "key-users", "keys", "kmsg", "latency_stats", "modules",
	"sched_debug", "scsi", "slabinfo", "sysrq-trigger", "timer_list", "timer_stats", "vmallocinfo",
}

// frozen are parts of /proc that may be read only.
var frozen = []string{"bus", "fs", "irq", "sys"}

// root finishes the sandbox's file system and enters it. All that the launcher
// mounted is locked in this namespace: it can't be taken apart here.
func root(p box.Plan) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount(box.RootDir, box.RootDir, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount the root: %w", err)
	}
	at := func(path string) string { return filepath.Join(box.RootDir, path) }
	for path, mode := range onDisk {
		if p.Rootfs != "" && mode == 0o755 && path != "/home" {
			continue // the root file system's own
		}
		source := filepath.Join(box.StoreDir, path)
		if err := os.MkdirAll(source, 0o755); err != nil {
			return err
		}
		if err := os.Chmod(source, mode); err != nil {
			return err
		}
		if err := box.Bind(source, at(path), false); err != nil {
			return err
		}
	}
	for i, v := range p.Volumes {
		if err := box.Bind(box.VolumePath(i), at(v.Path), v.ReadOnly); err != nil {
			return err
		}
	}
	if p.Gate != "" {
		if err := box.Bind(box.GateDir, at(box.InsideGate), true); err != nil {
			return err
		}
	}
	if err := devices(at); err != nil {
		return err
	}
	if err := proc(at("/proc")); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte("sandbox")); err != nil {
		return fmt.Errorf("host name: %w", err)
	}
	return box.Enter(box.RootDir)
}

// proc mounts the proc of this PID namespace.
func proc(dir string) error {
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount("proc", dir, "proc", flags, ""); err != nil {
		return fmt.Errorf("mount proc: %w", err)
	}
	for _, name := range masked {
		path := filepath.Join(dir, name)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = unix.Mount("tmpfs", path, "tmpfs", flags|unix.MS_RDONLY, "size=0,mode=555")
		} else {
			err = unix.Mount("/dev/null", path, "", unix.MS_BIND, "")
		}
		if err != nil {
			return fmt.Errorf("mask %s: %w", path, err)
		}
	}
	for _, name := range frozen {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := box.Bind(path, path, true); err != nil {
			return err
		}
	}
	return nil
}

// devices makes /dev: the harmless devices of every system, terminals and
// shared memory of the sandbox's own.
func devices(at func(string) string) error {
	const flags = unix.MS_NOSUID | unix.MS_NOEXEC
	if err := unix.Mount("dev", at("/dev"), "tmpfs", flags, "mode=755,size=64k"); err != nil {
		return fmt.Errorf("mount dev: %w", err)
	}
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		if err := box.BindDevice("/dev/"+name, at("/dev/"+name)); err != nil {
			return err
		}
	}
	for path, mount := range map[string][2]string{
		"/dev/pts": {"devpts", "newinstance,ptmxmode=0666,mode=620"},
		"/dev/shm": {"tmpfs", "mode=1777"},
	} {
		if err := os.Mkdir(at(path), 0o755); err != nil {
			return err
		}
		if err := unix.Mount(mount[0], at(path), mount[0], flags, mount[1]); err != nil {
			return fmt.Errorf("mount %s: %w", path, err)
		}
	}
	for path, target := range map[string]string{
		"/dev/ptmx": "pts/ptmx", "/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0",
		"/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(target, at(path)); err != nil {
			return err
		}
	}
	return nil
}
