//go:build linux

package inside

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ostlerdev/ostler/internal/hands/box"
)

// lay copies what is below path in a layer over a root file system, by the
// rules of package box: directories, files and links are taken, and where one
// side has a directory and the other hasn't, the system's stays.
func lay(layer, root, path string) error {
	entries, err := os.ReadDir(filepath.Join(layer, path))
	if err != nil {
		return err
	}
	for _, e := range entries {
		to := filepath.Join(path, e.Name())
		if path == "etc" && slices.Contains(engineFiles, e.Name()) {
			to = filepath.Join(layerEtc, e.Name()) // for Init
			if err := os.MkdirAll(filepath.Join(root, layerEtc), 0o755); err != nil {
				return err
			}
		}
		if err := layOne(layer, filepath.Join(path, e.Name()), root, to, e); err != nil {
			return err
		}
	}
	return nil
}

func layOne(layer, path, root, to string, e fs.DirEntry) error {
	if path == filepath.Dir(box.InsideGuest)[1:] {
		return nil // ours alone
	}
	source, target := filepath.Join(layer, path), filepath.Join(root, to)
	have, err := os.Lstat(target)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	there := err == nil
	if there && have.IsDir() != e.IsDir() {
		return nil
	}
	switch {
	case e.IsDir():
		if !there {
			info, err := e.Info()
			if err != nil {
				return err
			}
			if err := os.Mkdir(target, info.Mode().Perm()); err != nil {
				return err
			}
		}
		return lay(layer, root, path)
	case e.Type()&fs.ModeSymlink != 0:
		leads, err := os.Readlink(source)
		if err != nil {
			return err
		}
		if there {
			if err := os.Remove(target); err != nil {
				return err
			}
		}
		return os.Symlink(leads, target)
	case e.Type().IsRegular():
		if there {
			if err := os.Remove(target); err != nil {
				return err
			}
		}
		return copyFile(source, target)
	}
	return nil
}

func copyFile(source, target string) error {
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return fmt.Errorf("copy %s: %w", source, errors.Join(err, out.Close()))
	}
	return errors.Join(out.Close(), os.Chtimes(target, info.ModTime(), info.ModTime()))
}
