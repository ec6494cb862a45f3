package skillstore

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/skill"
)

// isZip says whether content begins like an archive with something in it.
func isZip(content io.ReaderAt) bool {
	var magic [4]byte
	n, _ := content.ReadAt(magic[:], 0) // shorter or unreadable: no archive
	return n == len(magic) && string(magic[:]) == "PK\x03\x04"
}

// maxDirectory bounds the table of contents of an archive, in bytes: the
// library reads it whole.
const maxDirectory = 8 << 20

// archive reads the table of contents of a zip: its files below the skill's
// directory, and the name of that, "" if they lie at the root.
func archive(content io.ReaderAt, size int64) ([]member, string, error) {
	guard := &meteredReader{in: content, left: maxDirectory}
	zr, err := zip.NewReader(guard, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // paths are judged below
		return nil, "", damaged("the zip archive", err)
	}
	guard.lift()
	return arrange(zr.File, true)
}

// arrange finds the directory of a skill in the files of a zip. Directories
// come of the paths of files; links, devices and what desktops leave behind are
// left out.
func arrange(files []*zip.File, isArchive bool) ([]member, string, error) {
	var members []member
	var paths []string
	left := uint64(skill.MaxBytes)
	for _, f := range files {
		if isArchive && !f.Mode().IsRegular() {
			continue
		}
		path, err := skill.CleanPath(f.Name)
		if err != nil {
			return nil, "", err
		}
		switch {
		case skill.Ignored(path):
			continue
		case f.Flags&encrypted != 0:
			return nil, "", fault.At("files", "the archive is encrypted")
		case f.UncompressedSize64 > left:
			return nil, "", tooLarge()
		}
		left -= f.UncompressedSize64
		paths = append(paths, path)
		members = append(members, member{path: path, mode: f.Mode(), open: func() (io.ReadCloser, error) { return open(f) }})
	}
	tree, err := skill.Arrange(paths)
	if err != nil {
		return nil, "", err
	}
	for i := range members {
		members[i].path = tree.Paths[i]
	}
	return members, tree.Directory, nil
}

const encrypted = 1 // a flag of a member

// open opens a member. Reading it ends with a fault where it is longer than its
// archive says, or damaged.
func open(f *zip.File) (io.ReadCloser, error) {
	in, err := f.Open()
	if err != nil {
		return nil, damaged(fmt.Sprintf("%q", f.Name), err)
	}
	return &checkedReader{ReadCloser: in, name: f.Name, left: int64(f.UncompressedSize64)}, nil
}

type checkedReader struct {
	io.ReadCloser
	name string
	left int64
}

func (r *checkedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, fault.At("files", "%q is larger than its archive says", r.name)
	}
	if err != nil && err != io.EOF {
		err = damaged(fmt.Sprintf("%q", r.name), err)
	}
	return n, err
}

// damaged is the refusal of an archive that can't be read; what the disk says
// stays as it is.
func damaged(what string, err error) error {
	var disk *fs.PathError
	var refusal *fault.Error
	if errors.As(err, &disk) || errors.As(err, &refusal) {
		return err
	}
	return fault.At("files", "%s can't be read: %v", what, err)
}

// meteredReader reads so much and no more, until it is lifted.
type meteredReader struct {
	in   io.ReaderAt
	left int64
	free bool
}

func (r *meteredReader) lift() { r.free = true }

func (r *meteredReader) ReadAt(p []byte, off int64) (int, error) {
	if !r.free {
		if r.left -= int64(len(p)); r.left < 0 {
			return 0, fault.At("files", "the archive has too many members")
		}
	}
	return r.in.ReadAt(p, off)
}

// readerAt makes an io.ReaderAt of a reader that can seek.
type readerAt struct {
	mu sync.Mutex
	in io.ReadSeeker
}

func (r *readerAt) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.in.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(r.in, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}
