package docker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/moby/client"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
)

// record is the note of a sandbox in the state directory, from its start to its
// end: a file that names the directory to remove.
type record struct{ path, run string }

// stateLabel names a state directory to engines, which show labels to
// everybody who may use them.
func stateLabel(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return hex.EncodeToString(sum[:8])
}

func (d *Driver) live() string { return filepath.Join(d.opts.StateDir, "live") }

// reserve makes the record of a sandbox that is about to start. It fails if
// there is one.
func (d *Driver) reserve(spec hands.Spec) (record, error) {
	r := record{path: filepath.Join(d.live(), spec.ID), run: filepath.Join(spec.Dir, "run")}
	if err := os.MkdirAll(d.live(), 0o700); err != nil {
		return record{}, err
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return record{}, fmt.Errorf("there is a live sandbox %s already", spec.ID)
	}
	if err != nil {
		return record{}, err
	}
	_, err = f.WriteString(r.run)
	return r, errors.Join(err, f.Close())
}

// remove forgets the sandbox and what it had in its directory. If that can't be
// removed the record stays for Sweep.
func (r record) remove() {
	if hands.RemoveAll(r.run) == nil {
		_ = os.Remove(r.path)
	}
}

// Sweep implements [hands.Driver]: it removes the containers with our label,
// what the records name, and what we made of images and layers that are gone.
func (d *Driver) Sweep(ctx context.Context) error {
	if _, err := d.ask(ctx); err != nil {
		return fmt.Errorf("docker: %w", err)
	}
	ours := client.Filters{}.Add("label", labelState+"="+d.state)
	left, err := d.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		return fmt.Errorf("docker: %w", err)
	}
	var failed []error
	for _, c := range left.Items {
		if err := remove(ctx, d.api, c.ID); err != nil {
			failed = append(failed, fmt.Errorf("docker: remove the container %s: %w", c.ID, err))
		}
	}
	if failed == nil {
		failed = append(failed, d.sweepRecords(), d.sweepImages(ctx), box.SweepPrograms(d.programs))
	}
	return errors.Join(failed...)
}

// sweepRecords removes what the records name. No container is left.
func (d *Driver) sweepRecords() error {
	names, err := os.ReadDir(d.live())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range names {
		path := filepath.Join(d.live(), name.Name())
		run, err := os.ReadFile(path)
		// A record without a directory is of a sandbox that had none yet.
		if err == nil && len(run) > 0 {
			err = hands.RemoveAll(string(run))
		}
		if err == nil {
			err = os.Remove(path)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
