package box

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// Launcher is the argv[0] under which the server's binary is a launcher.
const Launcher = "ostler-box"

// Programs makes sure that dir holds the binary at exe under each of names and
// returns the directory they are in, one for each version of the binary: a
// running sandbox keeps the program it was started with when the server is
// replaced. Files are hard links, or copies if links are refused (another
// device, another owner).
func Programs(dir, exe string, names ...string) (string, error) {
	info, err := os.Stat(exe)
	if err != nil {
		return "", fmt.Errorf("the server's own program: %w", err)
	}
	version := strconv.FormatInt(info.ModTime().UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36)
	dir = filepath.Join(dir, version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	first := filepath.Join(dir, names[0])
	if err := place(exe, first); err != nil {
		return "", fmt.Errorf("place %s: %w", first, err)
	}
	for _, name := range names[1:] {
		if err := place(first, filepath.Join(dir, name)); err != nil {
			return "", fmt.Errorf("place %s: %w", name, err)
		}
	}
	return dir, nil
}

// place links or copies src to dst. Servers that share the directory may do so
// at the same time: the file appears whole or not at all.
func place(src, dst string) error {
	if _, err := os.Stat(dst); err == nil {
		return nil
	}
	err := os.Link(src, dst)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	tmp, err := os.CreateTemp(filepath.Dir(dst), ".program-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := io.Copy(tmp, in); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := tmp.Chmod(0o755); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), dst)
}

// Static refuses a program that needs a dynamic loader: there is none where the
// launcher and the guest run.
func Static(exe string) error {
	f, err := elf.Open(exe)
	if err != nil {
		return fmt.Errorf("the server's own program: %w", err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("the program %s is dynamically linked and can't start sandboxes: build it with CGO_ENABLED=0", exe)
		}
	}
	return nil
}

// SweepPrograms removes the programs of other versions of the server. Nothing
// runs them any more.
func SweepPrograms(current string) error {
	all, err := os.ReadDir(filepath.Dir(current))
	if err != nil {
		return err
	}
	var failed []error
	for _, version := range all {
		if path := filepath.Join(filepath.Dir(current), version.Name()); path != current {
			failed = append(failed, os.RemoveAll(path))
		}
	}
	return errors.Join(failed...)
}
