//go:build linux

package box

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// addLayers adds what layers show to the plan.
func (p *Plan) addLayers(layers []hands.Layer) {
	for _, l := range layers {
		if l.Tree != "" {
			p.Volumes = append(p.Volumes, Volume{Source: l.Tree, Path: l.Path, ReadOnly: true})
		}
		if l.System != "" {
			p.Layers = append(p.Layers, l.System)
		}
	}
}

// lay lays the plan's layers over the root file system at root. What the root
// doesn't have is bound there; where both have a directory, the root's own are
// filled and those that are mounts get an overlay.
func (p Plan) lay(root string) error {
	b := builder{dir: root, owner: p.Owner}
	for i := len(p.Layers) - 1; i >= 0; i-- {
		if err := b.lay(p.Layers[i], "/"); err != nil {
			return fmt.Errorf("layer: %w", err)
		}
	}
	return nil
}

func (b builder) lay(layer, dir string) error {
	entries, err := os.ReadDir(filepath.Join(layer, dir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if err := b.layOne(layer, path, e.Type()); err != nil {
			return err
		}
	}
	return nil
}

// layOne lays one entry of a layer. Only directories, files and links are
// taken. Where one side has a directory and the other hasn't, the system's
// stays; so does what is ours alone. So no link of a layer's is ever followed
// here, where it would lead to the host's files.
func (b builder) layOne(layer, path string, typ fs.FileMode) error {
	if path == filepath.Dir(InsideGuest) {
		return nil
	}
	source, target := filepath.Join(layer, path), filepath.Join(b.dir, path)
	have, err := os.Lstat(target)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	switch {
	case there && have.IsDir() && typ.IsDir():
		mount, err := b.isMount(target)
		if err != nil {
			return err
		}
		if mount {
			return overlay(source, target)
		}
		return b.lay(layer, path)
	case there && have.IsDir() != typ.IsDir():
		return nil
	case typ&fs.ModeSymlink != 0:
		to, err := os.Readlink(source)
		if err != nil {
			return err
		}
		if there {
			if err := discard(target); err != nil {
				return err
			}
		}
		return b.symlink(to, path)
	case typ.IsDir() || typ.IsRegular():
		if there && !have.Mode().IsRegular() {
			if err := discard(target); err != nil {
				return err
			}
		}
		return Bind(source, target, true)
	}
	return nil
}

// discard removes what isn't a directory, be it a mount.
func discard(path string) error {
	err := unix.Unlink(path)
	if errors.Is(err, unix.EBUSY) {
		if err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
			return fmt.Errorf("unmount %s: %w", path, err)
		}
		err = unix.Unlink(path)
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// isMount says whether a directory of the root is on another file system than
// the root itself.
func (b builder) isMount(path string) (bool, error) {
	var root, here unix.Stat_t
	if err := unix.Stat(b.dir, &root); err != nil {
		return false, err
	}
	if err := unix.Lstat(path, &here); err != nil {
		return false, err
	}
	return root.Dev != here.Dev, nil
}

// overlay shows upper over the mount at target, read-only. Mounts below target
// are not seen any more.
func overlay(upper, target string) (err error) {
	// By descriptor, because a path may hold what separates options.
	var dirs [2]int
	for i, path := range []string{upper, target} {
		if dirs[i], err = unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0); err != nil {
			return fmt.Errorf("open %s: %w", path, err)
		}
		defer unix.Close(dirs[i])
	}
	options := fmt.Sprintf("lowerdir=/proc/self/fd/%d:/proc/self/fd/%d", dirs[0], dirs[1])
	err = unix.Mount("layer", target, "overlay", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, options)
	if err != nil {
		return fmt.Errorf("mount an overlay on %s (does the kernel have overlayfs, and for ordinary users Linux 5.11?): %w", target, err)
	}
	return nil
}
