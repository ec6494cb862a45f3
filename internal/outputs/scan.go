package outputs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"sort"
	"syscall"

	"github.com/ostlerdev/ostler/internal/file"
)

// found is a regular file below outputs/.
type found struct {
	path  string // below outputs/
	info  fs.FileInfo
	stamp file.Stamp
}

// scan looks for regular files below root, in the order of their paths. It
// stops at the limits; whole tells that it didn't have to.
func scan(root *os.Root, l Limits) (files []found, whole bool, err error) {
	s := scanner{root: root, left: l.Entries, depth: l.Depth, whole: true}
	err = s.dir(".", 0)
	sort.Slice(s.files, func(i, j int) bool { return s.files[i].path < s.files[j].path })
	return s.files, s.whole, err
}

type scanner struct {
	root  *os.Root
	left  int
	depth int
	files []found
	whole bool
}

// chunk is how many entries of a directory are held at once.
const chunk = 256

func (s *scanner) dir(dir string, depth int) error {
	d, err := s.root.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return s.vanished(err)
	}
	var dirs []string
	for {
		names, err := d.Readdirnames(chunk)
		for _, name := range names {
			if s.left--; s.left < 0 {
				s.whole = false
				return d.Close()
			}
			p := path.Join(dir, name)
			info, err := s.root.Lstat(p)
			switch {
			case err != nil:
				if err := s.vanished(err); err != nil {
					return errors.Join(err, d.Close())
				}
			case info.IsDir():
				dirs = append(dirs, p)
			case info.Mode().IsRegular():
				s.files = append(s.files, found{p, info, file.StampOf(info)})
			}
		}
		if err != nil {
			if err = d.Close(); err != nil {
				return err
			}
			break
		}
	}
	for _, p := range dirs {
		if depth+1 >= s.depth {
			s.whole = false
			continue
		}
		if err := s.dir(p, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// vanished takes note of an entry that can't be looked at.
func (s *scanner) vanished(err error) error {
	s.whole = false
	if servers(err) {
		return err
	}
	return nil
}

// servers tells whether an error of looking at a file is the server's own lack
// of means. All others are of the agent's making and must not fail the server:
// what is removed, replaced or closed to the server's user, a path that is too
// long, a link that leads out.
func servers(err error) bool {
	for _, own := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EIO, os.ErrClosed} {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}

// errChanged says that a file is not what it was when it was listed.
var errChanged = errors.New("the file changes while it is read")

// unreadable is an error of the agent's making.
type unreadable struct{ error }

// open opens what scan found. It refuses with errChanged what has taken its
// place meanwhile, be it a link to somewhere else.
func open(root *os.Root, f found) (*os.File, error) {
	r, err := root.OpenFile(f.path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil && servers(err) {
		return nil, err
	}
	if err != nil {
		return nil, unreadable{err}
	}
	info, err := r.Stat()
	if err == nil && (!info.Mode().IsRegular() || !os.SameFile(info, f.info)) {
		err = errChanged
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// steady is r up to the size the file had when it was listed; it fails with
// errChanged if the file turns out to be shorter, longer or otherwise changed.
type steady struct {
	f    *os.File
	want file.Stamp
	left int64
}

func (s *steady) Read(p []byte) (int, error) {
	if s.left == 0 {
		info, err := s.f.Stat()
		if err != nil {
			return 0, err
		}
		if file.StampOf(info) != s.want {
			return 0, errChanged
		}
		return 0, io.EOF
	}
	n, err := s.f.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if err == io.EOF && s.left > 0 {
		return n, errChanged
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}
