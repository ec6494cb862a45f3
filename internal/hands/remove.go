package hands

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// RemoveAll removes a directory in which the programs of a sandbox have
// written, after its end. Unlike [os.RemoveAll] it removes trees whose
// directories are closed to their owner, and takes few descriptors however deep
// they lie. No link is followed. It is no error if there is nothing, or if path
// is "".
func RemoveAll(path string) error {
	if path == "" {
		return nil
	}
	path = filepath.Clean(path)
	name := filepath.Base(path)
	if name == "." || name == ".." || name == "/" {
		return &fs.PathError{Op: "remove", Path: path, Err: unix.EINVAL}
	}
	parent, err := os.OpenFile(filepath.Dir(path), os.O_RDONLY|unix.O_DIRECTORY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer parent.Close() // only read
	if err := (&remover{}).remove(int(parent.Fd()), name, 0); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// removeDepth is how many directories are open at once. What lies deeper is
// moved up first.
const removeDepth = 64

type remover struct {
	top   int // the directory to which what lies deep is moved
	moved int
}

// remove removes an entry of the directory at.
func (r *remover) remove(at int, name string, depth int) error {
	err := unix.Unlinkat(at, name, 0)
	switch {
	case err == nil || err == unix.ENOENT:
		return nil
	case err != unix.EISDIR && err != unix.EPERM:
		return err
	}
	var st unix.Stat_t
	if serr := unix.Fstatat(at, name, &st, unix.AT_SYMLINK_NOFOLLOW); serr == unix.ENOENT {
		return nil
	} else if serr != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return errors.Join(err, serr)
	}
	if st.Mode&0o700 != 0o700 {
		if err := unix.Fchmodat(at, name, 0o700, 0); err != nil {
			return err
		}
	}
	if depth == removeDepth {
		return r.moveUp(at, name)
	}
	if err := r.empty(at, name, depth); err != nil {
		return err
	}
	return unix.Unlinkat(at, name, unix.AT_REMOVEDIR)
}

// moveUp moves a directory to the top, under a name that nothing has there; the
// top finds it when it looks again.
func (r *remover) moveUp(at int, name string) error {
	for {
		r.moved++
		err := unix.Renameat(at, name, r.top, ".moved-"+strconv.Itoa(r.moved))
		if err != unix.EEXIST && err != unix.ENOTEMPTY && err != unix.ENOTDIR {
			return err
		}
	}
}

// empty removes what is in a directory, until there is nothing.
func (r *remover) empty(at int, name string, depth int) error {
	fd, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	d := os.NewFile(uintptr(fd), name)
	defer d.Close() // only read
	if depth == 0 {
		r.top = fd
	}
	for found := true; found; {
		found = false
		for {
			names, err := d.Readdirnames(256)
			for _, entry := range names {
				found = true
				if err := r.remove(fd, entry, depth+1); err != nil {
					return fmt.Errorf("%q: %w", entry, err)
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
		}
		if _, err := d.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	return nil
}
