//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/durable"
	"github.com/ostlerdev/ostler/internal/hands"
)

// suspendable makes what a checkpoint of the sandbox will take, if its driver
// can make one, and looks at the one it is to go on from, if any.
func (s *Sandbox) suspendable(cfg Config, spec hands.Spec, plan *Plan, checkpoint string) (err error) {
	if len(cfg.Checkpoint) == 0 {
		return nil
	}
	if s.stamp, err = plan.stamp(); err != nil {
		return err
	}
	if spec.Shelf && checkpoint != "" {
		if s.stamp, err = shownStamp(s.stamp, spec); err != nil {
			return err
		}
	}
	if checkpoint != "" {
		if err := verify(checkpoint, s.stamp); err != nil {
			return err
		}
		plan.Checkpoint = checkpoint
	}
	s.control, err = newControl()
	return err
}

// Suspend implements [hands.Suspender] for a sandbox of this package.
func Suspend(ctx context.Context, cfg Config, sandbox hands.Sandbox, path string) error {
	s, ok := sandbox.(*Sandbox)
	if !ok || s.control == nil {
		return errors.New("this sandbox can't be suspended")
	}
	defer func() {
		s.kill(errClosed)
		<-s.done
	}()
	tmp := path + ".tmp"
	if err := suspend(ctx, cfg, s, tmp); err != nil {
		return errors.Join(fmt.Errorf("suspend: %w", err), os.RemoveAll(tmp))
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(fmt.Errorf("suspend: %w", err), os.RemoveAll(tmp))
	}
	return durable.SyncDir(filepath.Dir(path))
}

// suspend makes a checkpoint in a new directory, on disk when it returns.
func suspend(ctx context.Context, cfg Config, s *Sandbox, dir string) (err error) {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	files := make([]*os.File, 0, len(cfg.Checkpoint))
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
	}()
	for _, name := range cfg.Checkpoint {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	watched, stop := whileWritten(ctx, files)
	defer stop()
	if err := s.control.save(watched, files); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	if err := durable.Create(filepath.Join(dir, stampFile), s.stamp); err != nil {
		return err
	}
	return durable.SyncDir(dir)
}

// Resume implements [hands.Suspender].
func Resume(ctx context.Context, cfg Config, spec hands.Spec, path string) (*Sandbox, error) {
	if !cleanAbs(path) {
		return nil, fmt.Errorf("checkpoint %q is not a clean absolute path", path)
	}
	s, err := start(ctx, cfg, spec, path)
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	return s, nil
}

// stampFile is the file in a checkpoint with the stamp of its sandbox.
const stampFile = "stamp"

// verify says why the checkpoint in dir is not one of a sandbox of this stamp.
func verify(dir, stamp string) error {
	have, err := os.ReadFile(filepath.Join(dir, stampFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: it is not whole", hands.ErrNoCheckpoint)
	case err != nil:
		return err
	case string(have) != stamp:
		return fmt.Errorf("%w: the server, the system or what the sandbox shows is not what it was", hands.ErrNoCheckpoint)
	}
	return nil
}
