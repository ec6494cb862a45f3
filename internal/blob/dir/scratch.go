package dir

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// scratch is this process's own directory for files it is writing. The lock on
// it lives as long as the process does.
type scratch struct {
	root *os.Root
	dir  string   // relative to the root
	lock *os.File // the directory, locked
}

// newScratch sweeps what dead processes left and makes a directory of our own.
func newScratch(root *os.Root) (*scratch, error) {
	if err := sweep(root); err != nil {
		return nil, err
	}
	for {
		dir := filepath.Join(tempDir, rand.Text())
		if err := root.Mkdir(dir, 0o700); err != nil {
			return nil, err
		}
		lock, err := lockDir(root, dir)
		if err == nil {
			return &scratch{root, dir, lock}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, err
		}
		// Another process's sweep took it between Mkdir and the lock.
	}
}

func (s *scratch) close() error {
	return errors.Join(s.root.RemoveAll(s.dir), s.lock.Close())
}

// sweep removes the directories that no living process holds.
func sweep(root *os.Root) error {
	t, err := root.Open(tempDir)
	if err != nil {
		return err
	}
	names, err := t.Readdirnames(-1)
	if err = errors.Join(err, t.Close()); err != nil {
		return err
	}
	for _, name := range names {
		if err := sweepOne(root, filepath.Join(tempDir, name)); err != nil {
			return err
		}
	}
	return nil
}

func sweepOne(root *os.Root, dir string) error {
	lock, err := lockDir(root, dir)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return errors.Join(root.RemoveAll(dir), lock.Close())
}

// lockDir takes the lock of a directory that is still there, or fails with
// EWOULDBLOCK if a process holds it.
func lockDir(root *os.Root, dir string) (*os.File, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	// A sweep may have removed the directory before we had the lock.
	if _, err := root.Stat(dir); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
