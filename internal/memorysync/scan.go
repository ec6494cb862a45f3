package memorysync

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/memory"
)

// maxEntries bounds how much of a directory is looked at: more than a full
// store needs.
const maxEntries = 50_000

// sight is what a look at a directory saw.
type sight struct {
	files map[string]file.Stamp // regular files by the path of their memory
	odd   map[string]string     // what can't be a memory, and why
	whole bool                  // nothing was left out: what isn't here is gone
	left  int
}

// look looks at the mount's directory, and watches what it has not watched
// yet before it does so.
func (m *mount) look() (*sight, error) {
	v := &sight{files: map[string]file.Stamp{}, odd: map[string]string{}, whole: true, left: maxEntries}
	m.polled = m.s.watches == nil
	var err error
	if m.owner, err = m.findOwner(); err != nil {
		return v, err
	}
	return v, m.lookAt(v, "", 0)
}

// chunk is how many entries of a directory are held at once.
const chunk = 256

// lookAt looks at the directory dir, "" or a path with a slash in front.
func (m *mount) lookAt(v *sight, dir string, depth int) error {
	d, err := m.root.OpenFile("."+dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return v.closed(dir, err)
	}
	if !m.readOnly && m.s.watches != nil && !m.s.watches.add(m, d) {
		m.polled = true
	}
	var below []string
	for {
		names, err := d.Readdirnames(chunk)
		for _, name := range names {
			if v.left--; v.left < 0 {
				v.whole = false
				v.odd[dir+"/"] = "there are too many files; what else is here is not looked at"
				return d.Close()
			}
			p := dir + "/" + name
			info, err := m.root.Lstat(p[1:])
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				if err := v.closed(p, err); err != nil {
					return errors.Join(err, d.Close())
				}
			case info.IsDir():
				m.hand(p, info)
				below = append(below, p)
			case info.Mode().IsRegular():
				if m.hand(p, info) {
					info, err = m.root.Lstat(p[1:])
				}
				if err == nil {
					v.files[p] = file.StampOf(info)
				}
			default:
				v.odd[p] = "it is not a regular file"
			}
		}
		if err != nil {
			if cerr := d.Close(); err != io.EOF || cerr != nil {
				return v.closed(dir, err)
			}
			break
		}
	}
	for _, p := range below {
		if depth+1 >= memory.MaxSegments {
			v.odd[p] = "the directory lies too deep"
			continue
		}
		if err := m.lookAt(v, p, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// closed takes note of what can't be looked at. What is the server's own lack
// of means is an error; all else is of the agent's making.
func (v *sight) closed(p string, err error) error {
	v.whole = false
	if servers(err) {
		return err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		v.odd[p] = "it can't be opened"
	}
	return nil
}

func servers(err error) bool {
	for _, own := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, os.ErrClosed} {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}

// same tells whether a file with the stamp now has not changed since was.
func same(was, now file.Stamp) bool { return !was.Racy && was == now }

// errMoving says that a file is not what it was when it was looked at.
var errMoving = errors.New("the file changes")

// opener opens files that an agent may have put there.
type opener func(name string, flag int, perm os.FileMode) (*os.File, error)

// text reads a regular file that may be the text of a memory. A longer one is
// cut one byte behind the limit.
func text(open opener, name string) (string, file.Stamp, error) {
	f, err := open(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", file.Stamp{}, err
	}
	defer f.Close() // only read
	before, err := f.Stat()
	if err != nil || !before.Mode().IsRegular() {
		return "", file.Stamp{}, errors.Join(err, errMoving)
	}
	data, err := io.ReadAll(io.LimitReader(f, memory.MaxContent+1))
	if err != nil {
		return "", file.Stamp{}, err
	}
	after, err := f.Stat()
	if err != nil {
		return "", file.Stamp{}, err
	}
	if file.StampOf(before) != file.StampOf(after) || after.Size() <= memory.MaxContent && after.Size() != int64(len(data)) {
		return "", file.Stamp{}, errMoving
	}
	return string(data), file.StampOf(after).ReadAt(time.Now()), nil
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func parentOf(p string) (dir, name string) { return path.Dir(p[1:]), path.Base(p) }
