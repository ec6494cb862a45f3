//go:build linux

package box

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Become turns a launcher that has entered its own root into the program of a
// driver. It returns only if that fails.
type Become func(Plan) error

// Launch is the launcher's main function: it reads its [Plan], builds the
// sandbox's file system in namespaces made for it, and becomes the driver's
// program. It returns the exit code.
func Launch(drivers map[string]Become) int {
	if err := launch(drivers); err != nil {
		fmt.Fprintln(os.Stderr, "launcher:", err)
		return 1
	}
	return 0
}

func launch(drivers map[string]Become) error {
	// Whatever the server left open is not for us. (Go's own descriptors are
	// closed on exec anyway.)
	if err := unix.CloseRange(4, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("close descriptors: %w", err)
	}
	var p Plan
	in := os.NewFile(3, "plan")
	if err := json.NewDecoder(in).Decode(&p); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if err := in.Close(); err != nil {
		return err
	}
	become, ok := drivers[p.Driver]
	if !ok {
		return fmt.Errorf("no driver %q", p.Driver)
	}
	unix.Umask(0o022)
	if err := p.prepare(); err != nil {
		return err
	}
	return become(p)
}

// prepare builds the launcher's root at p.Run and enters it.
func (p Plan) prepare() error {
	// Nothing mounted from here on is seen by the host.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("box", p.Run, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,size=64m"); err != nil {
		return fmt.Errorf("mount tmpfs: %w", err)
	}
	at := func(path string) string { return filepath.Join(p.Run, path) }
	for path, mode := range map[string]fs.FileMode{
		"/proc": 0o555, "/sys": 0o555, "/dev": 0o755, "/tmp": 0o777, "/etc": 0o755,
		RootDir: 0o755, VolumeDir: 0o755, GateDir: 0o755, StoreDir: 0o755, WorkDir: 0o755,
	} {
		if err := os.MkdirAll(at(path), mode); err != nil {
			return err
		}
	}
	if err := p.own(at(RootDir)); err != nil {
		return err
	}
	base := p.Rootfs
	if base == "" {
		base = "/"
	}
	b := builder{dir: at(RootDir), base: base, owner: p.Owner, network: p.Wire != "", apt: p.Apt}
	if err := errors.Join(b.build(), p.places(b)); err != nil {
		return fmt.Errorf("root file system: %w", err)
	}
	if err := p.lay(at(RootDir)); err != nil {
		return err
	}
	if err := p.openApt(at(RootDir), at("/box/empty")); err != nil {
		return fmt.Errorf("apt: %w", err)
	}
	if err := p.trust(at); err != nil {
		return err
	}
	if err := p.bindAll(at); err != nil {
		return err
	}
	if err := unix.Mount("proc", at("/proc"), "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount proc: %w", err)
	}
	return Enter(p.Run)
}

// places makes the directories at which the driver's program mounts something.
// They are there before the layers are: where the root has a directory, a layer
// can't put a link, which would lead elsewhere on the host.
func (p Plan) places(b builder) error {
	for _, v := range p.Volumes {
		if err := b.mkdir(v.Path, 0o755); err != nil {
			return err
		}
	}
	if p.Gate == "" {
		return nil
	}
	return b.mkdir(InsideGate, 0o755)
}

// bindAll mounts the host's files that the driver's program needs.
func (p Plan) bindAll(at func(string) string) error {
	devices := []string{"null", "zero", "full", "random", "urandom", "tty"}
	if p.Wire == TUN {
		devices = append(devices, "net/tun")
	}
	for _, device := range devices {
		if err := BindDevice("/dev/"+device, at("/dev/"+device)); err != nil {
			return err
		}
	}
	if err := unix.Mount("/sys", at("/sys"), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount sys: %w", err)
	}
	if err := Bind(p.Programs, at(ProgramsDir), true); err != nil {
		return err
	}
	if err := Bind(filepath.Join(p.Programs, guestProgram), at(RootDir+InsideGuest), true); err != nil {
		return err
	}
	if err := Bind(p.Store, at(StoreDir), false); err != nil {
		return err
	}
	for i, v := range p.Volumes {
		if err := Bind(v.Source, at(VolumePath(i)), v.ReadOnly); err != nil {
			return err
		}
	}
	if p.Checkpoint != "" {
		if err := Bind(p.Checkpoint, at(CheckpointDir), true); err != nil {
			return err
		}
	}
	if p.Gate == "" {
		return nil
	}
	return Bind(p.Gate, at(GateDir+"/"+gateSocket), false)
}

// BindDevice keeps the device usable, which Bind doesn't.
func BindDevice(source, target string) error {
	if err := touch(target); err != nil {
		return err
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", source, err)
	}
	return nil
}

// VolumePath is where the launcher finds the i-th volume.
func VolumePath(i int) string { return VolumeDir + "/" + strconv.Itoa(i) }

func (p Plan) own(path string) error {
	if p.Owner == 0 {
		return nil
	}
	return os.Lchown(path, p.Owner, p.Owner)
}
