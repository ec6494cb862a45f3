package skillstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/store"
)

// grace is how old an archive without a record must be to be garbage: the
// record of a younger one may be about to be written.
const grace = time.Hour

// Sweep removes the copies of versions that are gone from this machine, and archives
// that a crash left without a record. The server runs it at its start and every
// hour.
func (s *Skills) Sweep(ctx context.Context) error {
	return errors.Join(s.sweepCopies(ctx), s.sweepArchives(ctx))
}

func (s *Skills) sweepCopies(ctx context.Context) error {
	entries, err := os.ReadDir(s.c.Dir)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	remove, err := s.unknown(ctx, custom(names))
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, setPrefix) {
			continue
		}
		gone, err := s.gone(ctx, filepath.Join(s.c.Dir, name))
		if err != nil {
			return err
		}
		if gone {
			remove = append(remove, name)
		}
	}
	for _, name := range remove {
		if err := os.RemoveAll(filepath.Join(s.c.Dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// custom is the names that are ids of versions.
func custom(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, ids.SkillVersion) })
}

func (s *Skills) sweepArchives(ctx context.Context) error {
	var versions []string
	for info, err := range s.c.Blobs.List(ctx, Prefix) {
		if err != nil {
			return fmt.Errorf("sweep archives of skills: %w", err)
		}
		if s.c.Now().Sub(info.ModTime) > grace {
			versions = append(versions, strings.TrimPrefix(info.Key, Prefix))
		}
	}
	unknown, err := s.unknown(ctx, versions)
	if err != nil {
		return err
	}
	for _, id := range unknown {
		if err := s.c.Blobs.Delete(ctx, Prefix+id); err != nil {
			return err
		}
	}
	return nil
}

func (s *Skills) unknown(ctx context.Context, versions []string) (out []string, err error) {
	err = s.c.DB.View(ctx, func(tx store.Tx) (err error) {
		out, err = store.UnknownSkillVersions(tx, versions)
		return err
	})
	return out, err
}
