package provision

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// takenError says that something else is where a clone belongs.
type takenError struct{ path string }

func (e *takenError) Error() string {
	return fmt.Sprintf("%s/%s can't be made or is in use already", hands.Workspace, e.path)
}

// place moves a clone into the workspace below dir, at the relative path rel,
// in one step. The workspace may have been written by the agent: nothing
// outside of it is touched, and nothing in it but an empty directory gives way.
func place(from, dir, rel string) error {
	root, err := os.OpenRoot(filepath.Join(dir, "workspace"))
	if err != nil {
		return err
	}
	defer root.Close() // only used for looking up
	if err := parents(root, path.Dir(rel)); err != nil {
		return err
	}
	if info, err := root.Lstat(rel); err == nil && info.IsDir() {
		if err := root.Remove(rel); err != nil {
			return &takenError{rel}
		}
	}
	parent, err := root.OpenFile(path.Dir(rel), os.O_RDONLY|syscall.O_DIRECTORY, 0) // a pipe in its place by now would block
	if err != nil {
		return &takenError{rel}
	}
	defer parent.Close() // the same
	err = moveTo(from, int(parent.Fd()), path.Base(rel))
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // a file system that can't; a directory isn't replaced by rename unless it is empty
		err = unix.Renameat(unix.AT_FDCWD, from, int(parent.Fd()), path.Base(rel))
	}
	if errors.Is(err, unix.EEXIST) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.ENOTDIR) {
		return &takenError{rel}
	}
	if err != nil {
		return fmt.Errorf("move the clone: %w", err)
	}
	return nil
}

// parents makes a directory of the workspace and its parents, for the
// workspace's owner.
func parents(root *os.Root, dir string) error {
	top, err := root.Stat(".")
	if err != nil {
		return err
	}
	owner, ok := top.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("the workspace has no owner")
	}
	at := "."
	for name := range strings.SplitSeq(dir, "/") {
		at = path.Join(at, name)
		err := root.Mkdir(at, 0o755)
		switch {
		case err == nil:
			err = root.Lchown(at, int(owner.Uid), int(owner.Gid))
		case errors.Is(err, fs.ErrExist):
			if info, e := root.Stat(at); e == nil && info.IsDir() {
				err = nil
			}
		}
		if err != nil { // a file, a link to somewhere else
			return &takenError{at}
		}
	}
	return nil
}
