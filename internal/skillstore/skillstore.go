// Package skillstore keeps skills: records in the store, an archive a version
// in the blob store, and unpacked copies on this machine that sandboxes show.
// The prebuilt skills appear beside them.
//
// Promises: a version appears only when its archive is complete and durable.
// What a session uses stays, whatever clients delete meanwhile; what nothing
// uses any more goes, at once or with the next [Skills.Sweep]. An unpacked copy
// is there whole or not at all and never changes. Memory use doesn't grow with
// a skill.
//
// The package may not import api, brain, journal or net/http.
package skillstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/ostlerdev/ostler/internal/blob"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/skill/prebuilt"
	"github.com/ostlerdev/ostler/internal/store"
)

// Prefix begins the blob keys of archives; the id of the version follows.
const Prefix = "skills/"

// Config is what Skills works with. All fields are required.
type Config struct {
	DB    store.DB
	Blobs blob.Store
	IDs   ids.Source
	Now   func() time.Time
	// Dir holds the unpacked versions, one directory each. It belongs to this
	// process.
	Dir string
}

// Skills keeps skills. It is safe for concurrent use.
type Skills struct{ c Config }

// New makes a Skills. What an earlier process left half unpacked is removed.
func New(c Config) (*Skills, error) {
	if err := os.MkdirAll(c.Dir, 0o711); err != nil {
		return nil, err
	}
	left, err := filepath.Glob(filepath.Join(c.Dir, partial+"*"))
	if err != nil {
		return nil, err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	return &Skills{c}, nil
}

// Create makes a skill of an upload. label is the form's display name, "" for
// the slug; field is how the form calls it. On an error the archive is
// discarded.
func (s *Skills) Create(ctx context.Context, up *Staged, field, label string) (skill.Record, error) {
	name, err := skill.DisplayName(field, label, up.version.Doc.Name)
	if err != nil {
		return skill.Record{}, errors.Join(err, s.Discard(ctx, up))
	}
	v := up.version
	r := skill.Record{ID: s.c.IDs.New(ids.Skill), Source: skill.Custom, Latest: v.ID, Doc: skill.Doc{Name: v.Doc.Name, DisplayName: name}}
	err = s.c.DB.Update(ctx, func(tx store.Tx) error {
		r.CreatedAt = s.c.Now().UnixMicro()
		r.UpdatedAt, r.LatestAt = r.CreatedAt, r.CreatedAt
		v.SkillID, v.CreatedAt = r.ID, r.CreatedAt
		return errors.Join(store.InsertSkill(tx, r), store.InsertSkillVersion(tx, v))
	})
	if err != nil {
		return r, errors.Join(err, s.Discard(ctx, up))
	}
	return r, nil
}

// AddVersion makes a new version of a skill, which becomes its latest. On an
// error the archive is discarded.
func (s *Skills) AddVersion(ctx context.Context, id string, up *Staged) (skill.Version, error) {
	v := up.version
	v.SkillID = id
	err := s.c.DB.Update(ctx, func(tx store.Tx) error {
		r, err := own(tx, id)
		if err != nil {
			return err
		}
		if err := skill.CheckName(r, v.Doc.Name); err != nil {
			return err
		}
		r.UpdatedAt = s.after(r)
		v.CreatedAt = r.UpdatedAt // so no two versions of a skill have the same number
		r.Latest, r.LatestAt = v.ID, v.CreatedAt
		return errors.Join(store.InsertSkillVersion(tx, v), store.SaveSkill(tx, r))
	})
	if err != nil {
		return v, errors.Join(err, s.Discard(ctx, up))
	}
	return v, nil
}

// after is now, or a microsecond after the last change of r if that is later.
func (s *Skills) after(r skill.Record) int64 { return max(s.c.Now().UnixMicro(), r.UpdatedAt+1) }

// own reads a skill that clients may change.
func own(tx store.Tx, id string) (skill.Record, error) {
	if _, ok := prebuilt.Find(id); ok {
		return skill.Record{}, skill.ReadOnly(id)
	}
	r, err := store.GetSkill(tx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = skill.Missing(id)
	}
	return r, err
}

// CheckOwn refuses a skill that doesn't exist or is prebuilt.
func (s *Skills) CheckOwn(ctx context.Context, id string) error {
	return s.c.DB.View(ctx, func(tx store.Tx) error {
		_, err := own(tx, id)
		return err
	})
}

// Delete removes a skill with all versions. Sessions that use one keep it.
func (s *Skills) Delete(ctx context.Context, id string) error {
	return s.remove(ctx, func(tx store.Tx) ([]string, error) {
		if _, err := own(tx, id); err != nil {
			return nil, err
		}
		return store.DeleteSkill(tx, id)
	})
}

// DeleteVersion removes a version, but for the only one of a skill, and
// answers it. Sessions that use it keep it.
func (s *Skills) DeleteVersion(ctx context.Context, id, version string) (v skill.Version, err error) {
	err = s.remove(ctx, func(tx store.Tx) (unused []string, err error) {
		r, err := own(tx, id)
		if err != nil {
			return nil, err
		}
		if v, err = store.GetSkillVersion(tx, id, version); errors.Is(err, store.ErrNotFound) {
			err = skill.MissingVersion(id, version)
		}
		if err != nil {
			return nil, err
		}
		if unused, err = store.DeleteSkillVersion(tx, v.ID); err != nil {
			return nil, err
		}
		newest, err := store.NewestSkillVersion(tx, id)
		if errors.Is(err, store.ErrNotFound) {
			err = skill.OnlyVersion(id)
		}
		if err != nil {
			return nil, err
		}
		r.UpdatedAt, r.Latest, r.LatestAt = s.after(r), newest.ID, newest.CreatedAt
		return unused, store.SaveSkill(tx, r)
	})
	return v, err
}

// remove runs a change and removes the archives that nothing uses after it.
func (s *Skills) remove(ctx context.Context, change func(store.Tx) ([]string, error)) error {
	var unused []string
	err := s.c.DB.Update(ctx, func(tx store.Tx) (err error) {
		unused, err = change(tx)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, key := range unused {
		errs = append(errs, s.c.Blobs.Delete(context.WithoutCancel(ctx), key))
	}
	return errors.Join(errs...)
}
