package box

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// maxDepth is how deep directories may lie below one that is walked: each level
// takes a descriptor of the server's.
const maxDepth = 1000

// visit is called with an entry, by the descriptor of its directory and its
// name there.
type visit func(at int, name string, st *unix.Stat_t) error

// walk visits dir and all below it. Programs inside may change that meanwhile:
// what vanishes is left out, no link is followed, and nothing but directories
// below dir is opened.
func walk(dir string, v visit) error {
	if err := v.walk(unix.AT_FDCWD, dir, 0); err != nil {
		return fmt.Errorf("walk %s: %w", dir, err)
	}
	return nil
}

func (v visit) walk(at int, name string, depth int) error {
	var st unix.Stat_t
	if err := unix.Fstatat(at, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return vanished(err, depth)
	}
	if err := v(at, name, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return err
	}
	if depth == maxDepth {
		return fmt.Errorf("directories lie more than %d deep", maxDepth)
	}
	fd, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return vanished(err, depth)
	}
	d := os.NewFile(uintptr(fd), name)
	defer d.Close() // only read
	for {
		names, err := d.Readdirnames(256)
		for _, name := range names {
			if err := v.walk(fd, name, depth+1); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// vanished is nil for an error that says that an entry is not, or not any more,
// what it was when it was listed.
func vanished(err error, depth int) error {
	if depth > 0 && (errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)) {
		return nil
	}
	return err
}
