package docker

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// notPacked are the entries of a root file system that an image has no use for.
var notPacked = []string{"dev", "proc", "run", "sys", "tmp", "mnt", "var/run", "var/lock", "var/tmp"}

// pack writes a root file system directory as an archive. What not everybody
// may read is left out, as is what isn't a directory, file or link; everything
// belongs to root and nothing runs as its owner.
func pack(w io.Writer, root string) error {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer dir.Close()
	archive := tar.NewWriter(w)
	err = fs.WalkDir(dir.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == "." {
			return nil
		}
		if slices.Contains(notPacked, path) {
			return skip(e)
		}
		return packOne(archive, dir, path, e)
	})
	return errors.Join(err, archive.Close())
}

func skip(e fs.DirEntry) error {
	if e.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func packOne(archive *tar.Writer, dir *os.Root, path string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	head := &tar.Header{Name: path, Mode: int64(info.Mode().Perm()), ModTime: info.ModTime()}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		head.Typeflag = tar.TypeSymlink
		if head.Linkname, err = dir.Readlink(path); err != nil {
			return err
		}
		return archive.WriteHeader(head)
	case info.Mode().Perm()&0o004 == 0:
		return skip(e)
	case e.IsDir():
		head.Typeflag = tar.TypeDir
		return archive.WriteHeader(head)
	case !info.Mode().IsRegular():
		return nil
	}
	f, err := dir.Open(filepath.FromSlash(path))
	if err != nil {
		return err
	}
	defer f.Close()
	head.Typeflag, head.Size = tar.TypeReg, info.Size()
	if err := archive.WriteHeader(head); err != nil {
		return err
	}
	_, err = io.CopyN(archive, f, info.Size())
	return err
}
