//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

var errNotOurs = errors.New("adopt: not a sandbox of this driver")

// Move implements [hands.Adopter] for a sandbox of this package.
func Move(sandbox hands.Sandbox, dir string) error {
	s, ok := sandbox.(*Sandbox)
	if !ok {
		return errNotOurs
	}
	if !cleanAbs(dir) {
		return fmt.Errorf("adopt: directory %q is not a clean absolute path", dir)
	}
	if err := s.move(dir); err != nil {
		return fmt.Errorf("adopt: %w", err)
	}
	return nil
}

// Adopt implements [hands.Adopter] for a sandbox of this package.
func Adopt(ctx context.Context, sandbox hands.Sandbox, spec hands.Spec) error {
	s, ok := sandbox.(*Sandbox)
	if !ok {
		return errNotOurs
	}
	if err := validate(spec); err != nil {
		return err
	}
	if len(spec.Layers) > 0 || spec.GateSocket != "" {
		return errors.New("adopt: a started sandbox can't be shown layers or a socket")
	}
	if at := s.disk.place(); at != spec.Dir {
		return fmt.Errorf("adopt: the sandbox is in %s", at)
	}
	request := frame.Request{Op: frame.OpAdopt, Env: environment(spec), Links: frameLinks(spec.Links)}
	switch {
	case s.shelf:
		var err error
		if request.Shelf, err = s.show(spec); err != nil {
			return fmt.Errorf("adopt: %w", err)
		}
	case len(spec.Mounts) > 0:
		return errors.New("adopt: without a shelf there can't be mounts")
	}
	return s.lost(s.conn.tell(ctx, request))
}

// move takes the sandbox's files to another directory. What is mounted inside
// are the same files by whatever name.
func (s *Sandbox) move(dir string) error {
	s.mu.Lock() // the sandbox may end meanwhile
	defer s.mu.Unlock()
	from := filepath.Dir(s.record.Run)
	names := ownDirs
	if s.shelf {
		names = append([]string{hands.ShelfDir}, names...)
	}
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return fmt.Errorf("%s is there already", filepath.Join(dir, name))
		}
	}
	// If the server dies now, Sweep ends the sandbox by what is noted here.
	// What it leaves in either directory is removed by who starts another.
	s.record.Run = filepath.Join(dir, "run")
	if err := s.record.write(); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	s.disk.move(dir)
	return nil
}

// ownDirs are the driver's directories in Spec.Dir, but for a shelf.
var ownDirs = []string{"workspace", "uploads", "outputs", "run"}
