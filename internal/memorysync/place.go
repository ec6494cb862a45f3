package memorysync

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/memory"
)

// withdraw takes the file of a memory out of the directory. If it is not what
// the record says, the next pass finds that out.
func (m *mount) withdraw(p string) error {
	e := m.rec.Files[p]
	dir, name := parentOf(p)
	parent, err := m.openDir(dir)
	if err == nil {
		side := m.next()
		at, to := int(parent.Fd()), int(m.side.Fd())
		if err = unix.Renameat(at, name, to, side); err == nil {
			if err = m.settle(side, p, e.Sum); errors.Is(err, errNoText) {
				err = moveNew(to, side, at, name)
			}
		}
		err = errors.Join(err, parent.Close())
	}
	if servers(err) {
		return err
	}
	delete(m.rec.Files, p)
	for ; dir != "."; dir = path.Dir(dir) {
		if m.root.Remove(dir) != nil {
			break // not empty
		}
	}
	return nil
}

// errNoText says that what was taken out of the directory can't be a memory.
var errNoText = errors.New("not a text")

// settle makes a relic of what was taken out of the directory, where the text
// of sum was; the agent may have put something else there a moment ago.
func (m *mount) settle(side, p, sum string) error {
	content, _, err := text(m.openSide, side)
	switch {
	case err != nil && servers(err):
		return err
	case err != nil || memory.CheckContent(content) != nil:
		return errNoText
	case sumOf(content) != sum:
		m.again = true // the relic is a new text
	}
	m.attic = append(m.attic, &relic{name: side, path: p, sum: sum, stamp: file.Stamp{Racy: true}})
	return nil
}

// moveNew moves a file to a place where nothing is.
func moveNew(from int, name string, to int, as string) error {
	err := renameNew(from, name, to, as)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // a file system that can't
		if err = unix.Linkat(from, name, to, as, 0); err == nil {
			err = unix.Unlinkat(from, name, 0)
		}
	}
	return err
}

// put makes text the file of a memory whose file has the text of sum; "" is
// none. It fails with errMoving if there is something else, and with
// fs.ErrNotExist if there is nothing.
func (m *mount) put(p, sum, text string) (file.Stamp, error) {
	dir, name := parentOf(p)
	parent, err := m.makeDir(dir)
	if err != nil {
		return file.Stamp{}, err
	}
	side, staged, err := m.stage(text)
	if err == nil {
		err = m.swap(parent, name, side, p, sum)
	}
	if err = errors.Join(err, parent.Close()); err != nil {
		return file.Stamp{}, err
	}
	info, err := m.root.Lstat(p[1:])
	if err != nil {
		return file.Stamp{Racy: true}, nil // gone again: the next pass sees it
	}
	now := file.StampOf(info)
	if now.Inode != staged.Inode || now.Size != staged.Size || now.Mtime != staged.Mtime {
		return file.Stamp{Racy: true}, nil // written to already
	}
	return now.ReadAt(time.Now()), nil
}

// swap moves a staged file to its place, and what it replaces out.
func (m *mount) swap(parent *os.File, name, side, p, sum string) error {
	at, from := int(parent.Fd()), int(m.side.Fd())
	var err error
	if sum == "" && !m.readOnly {
		if err = moveNew(from, side, at, name); errors.Is(err, unix.EEXIST) {
			err = m.inTheWay(p)
		}
	} else if err = exchange(from, side, at, name); err == nil {
		if err = m.settle(side, p, sum); !errors.Is(err, errNoText) {
			return err
		}
		return errors.Join(errMoving, exchange(from, side, at, name)) // back
	} else if m.readOnly || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		err = m.swapSlowly(at, name, from, side, p, sum)
	}
	if err != nil {
		err = errors.Join(err, os.RemoveAll(m.sidePath(side)))
	}
	return err
}

// swapSlowly is swap where two names can't be exchanged: for a moment there is
// nothing.
func (m *mount) swapSlowly(at int, name string, from int, side, p, sum string) error {
	old := m.next()
	err := unix.Renameat(at, name, from, old)
	if err == nil {
		if err = m.settle(old, p, sum); errors.Is(err, errNoText) {
			return errors.Join(errMoving, moveNew(from, old, at, name))
		}
	}
	if err != nil && !(m.readOnly && errors.Is(err, unix.ENOENT)) {
		return err
	}
	if err = moveNew(from, side, at, name); errors.Is(err, unix.EEXIST) {
		err = errMoving
	}
	return err
}

// inTheWay is the error for something that is at the place of a memory. An
// empty directory gives way.
func (m *mount) inTheWay(p string) error {
	info, err := m.root.Lstat(p[1:])
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular():
		return errMoving
	case err == nil && info.IsDir() && m.root.Remove(p[1:]) == nil:
		return errMoving
	}
	return unix.EEXIST
}

// stage writes a text to a new file of the side directory, which belongs to
// whom the mount belongs.
func (m *mount) stage(text string) (name string, stamp file.Stamp, err error) {
	name = m.next()
	f, err := m.openSide(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return name, stamp, err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Chmod(0o644) // whatever the umask
	}
	if err == nil {
		err = m.give(f)
	}
	info, serr := f.Stat()
	if err = errors.Join(err, serr, f.Close()); err != nil {
		return name, stamp, err
	}
	return name, file.StampOf(info), nil
}

func (m *mount) next() string {
	m.serial++
	return fmt.Sprint(m.serial)
}

// owner is the host ids of root inside, to whom the driver has given a mount.
type owner struct {
	uid, gid int
	other    bool // than the server itself
}

func (m *mount) findOwner() (o owner, err error) {
	info, err := m.root.Stat(".")
	if err != nil {
		return o, err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		o = owner{int(st.Uid), int(st.Gid), int(st.Uid) != os.Geteuid()}
	}
	return o, nil
}

// give makes what the server made the property of the mount's owner.
func (m *mount) give(f *os.File) error {
	if m.owner.other {
		return f.Chown(m.owner.uid, m.owner.gid)
	}
	return nil
}

// hand is give for what was made before the mount had its owner. It tells
// whether it did anything.
func (m *mount) hand(p string, info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return m.owner.other && ok && int(st.Uid) == os.Geteuid() &&
		m.root.Lchown(p[1:], m.owner.uid, m.owner.gid) == nil // or it is gone
}

func (m *mount) openDir(dir string) (*os.File, error) {
	return m.root.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
}

// makeDir makes a directory and its parents, and opens it. Links are not
// followed.
func (m *mount) makeDir(dir string) (*os.File, error) {
	if dir == "." {
		return m.openDir(dir)
	}
	parts := strings.Split(dir, "/")
	for i := range parts {
		d := path.Join(parts[:i+1]...)
		info, err := m.root.Lstat(d)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if err := m.mkdir(d); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		case !info.IsDir():
			return nil, unix.ENOTDIR
		}
	}
	return m.openDir(dir)
}

func (m *mount) mkdir(d string) error {
	if err := m.root.Mkdir(d, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return errMoving
		}
		return err
	}
	f, err := m.openDir(d)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o755), m.give(f), f.Close())
}

// reasonOf is why a memory can't be shown.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, unix.ENAMETOOLONG):
		return "its name is too long for a file"
	case errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EEXIST) || errors.Is(err, unix.EISDIR):
		return "something else is at its place"
	}
	return "its place can't be opened"
}
