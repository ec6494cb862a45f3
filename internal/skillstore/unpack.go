package skillstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/durable"
	"github.com/ostlerdev/ostler/internal/skill"
)

// partial begins the names of what isn't complete yet.
const partial = "partial-"

// unpacked is the directory of a version's files on this machine, which are
// unpacked there if they aren't yet.
func (s *Skills) unpacked(ctx context.Context, v skill.Version) (string, error) {
	dir := filepath.Join(s.c.Dir, dirName(v))
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	err := s.unpack(ctx, v, dir)
	if err != nil {
		err = fmt.Errorf("unpack version %s of skill %s: %w", v.ID, v.SkillID, err)
	}
	return dir, err
}

// dirName is the directory of a version. Those of prebuilt skills have the same
// id in all of them.
func dirName(v skill.Version) string {
	if v.Blob == "" {
		return v.SkillID + "-" + v.ID
	}
	return v.ID
}

func (s *Skills) unpack(ctx context.Context, v skill.Version, dir string) (err error) {
	var members []member
	if v.Blob == "" {
		members, err = builtin(v)
	} else {
		in, info, e := s.c.Blobs.Open(ctx, v.Blob)
		if e != nil {
			return e
		}
		defer func() { err = errors.Join(err, in.Close()) }()
		members, _, err = archive(&readerAt{in: in}, info.Size)
	}
	if err != nil {
		return err
	}
	return s.place(dir, func(tmp string) error { return write(ctx, tmp, members) })
}

// place makes the directory dir, whole or not at all and durably: what fill
// puts into another is moved there. It is no error if another call was faster.
func (s *Skills) place(dir string, fill func(tmp string) error) (err error) {
	tmp, err := os.MkdirTemp(s.c.Dir, partial+"*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }() // of what was not moved
	if err := errors.Join(os.Chmod(tmp, 0o755), fill(tmp)); err != nil {
		return err
	}
	if err := durable.SyncFS(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, dir); err != nil {
		if _, there := os.Stat(dir); there != nil {
			return err
		}
	}
	return nil
}

// write writes the files below dir, readable by everyone.
func write(ctx context.Context, dir string, members []member) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for _, m := range members {
		if err := errors.Join(ctx.Err(), mkdir(root, path.Dir(m.path)), m.write(root)); err != nil {
			return err
		}
	}
	return nil
}

// mkdir makes a directory and its parents, with modes that no umask spoils.
func mkdir(root *os.Root, dir string) error {
	if _, err := root.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := mkdir(root, path.Dir(dir)); err != nil {
		return err
	}
	return errors.Join(root.Mkdir(dir, 0o755), root.Chmod(dir, 0o755))
}

func (m member) write(root *os.Root) (err error) {
	in, err := m.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := root.OpenFile(m.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	head := &prefix{Writer: out}
	_, err = io.Copy(head, in)
	return errors.Join(err, out.Chmod(skill.Mode(m.mode, head.seen)), out.Close())
}

// prefix remembers how what is written begins.
type prefix struct {
	io.Writer
	seen []byte
}

func (p *prefix) Write(b []byte) (int, error) {
	if n := 2 - len(p.seen); n > 0 {
		p.seen = append(p.seen, b[:min(n, len(b))]...)
	}
	return p.Writer.Write(b)
}
