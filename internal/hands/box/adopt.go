//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/hands"
)

// Adopt implements [hands.Adopter] for a sandbox of this package.
func Adopt(ctx context.Context, sandbox hands.Sandbox, spec hands.Spec) error {
	s, ok := sandbox.(*Sandbox)
	if !ok {
		return errors.New("adopt: not a sandbox of this driver")
	}
	if err := validate(spec); err != nil {
		return err
	}
	if len(spec.Layers)+len(spec.Mounts) > 0 || spec.GateSocket != "" {
		return errors.New("adopt: a started sandbox can't be shown layers, mounts or a socket")
	}
	if err := s.move(spec.Dir); err != nil {
		return fmt.Errorf("adopt: %w", err)
	}
	if err := s.conn.adopt(ctx, environment(spec)); err != nil {
		return s.lost(err)
	}
	if len(spec.Links) == 0 {
		return nil
	}
	return s.Link(ctx, spec.Links)
}

// move takes the sandbox's files to another directory. What is mounted inside
// are the same files by whatever name.
func (s *Sandbox) move(dir string) error {
	s.mu.Lock() // the sandbox may end meanwhile
	defer s.mu.Unlock()
	from := filepath.Dir(s.record.Run)
	for _, name := range ownDirs {
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
	for _, name := range ownDirs {
		if err := os.Rename(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	s.disk.move(dir)
	return nil
}

// ownDirs are the driver's directories in Spec.Dir.
var ownDirs = []string{"workspace", "uploads", "outputs", "run"}
