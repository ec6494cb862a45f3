package skillstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/ostlerdev/ostler/internal/blob"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/skill/prebuilt"
	"github.com/ostlerdev/ostler/internal/store"
)

// Get reads a skill, prebuilt or not.
func (s *Skills) Get(ctx context.Context, id string) (r skill.Record, err error) {
	if p, ok := prebuilt.Find(id); ok {
		return p.Record, nil
	}
	err = s.c.DB.View(ctx, func(tx store.Tx) (err error) {
		r, err = own(tx, id)
		return err
	})
	return r, err
}

// Version reads a version of a skill by its address, or the newest one for
// skill.Latest.
func (s *Skills) Version(ctx context.Context, id, version string) (v skill.Version, err error) {
	err = s.c.DB.View(ctx, func(tx store.Tx) (err error) {
		v, err = Resolve(tx, id, version)
		return err
	})
	return v, err
}

// Resolve is Version in a transaction. Its refusals are of kind NotFound.
func Resolve(tx store.Tx, id, version string) (skill.Version, error) {
	if p, ok := prebuilt.Find(id); ok {
		if version != skill.Latest && version != p.Version.ID && version != p.Version.Old().ID {
			return skill.Version{}, skill.MissingVersion(id, version)
		}
		return p.Version, nil
	}
	r, err := own(tx, id)
	if err != nil {
		return skill.Version{}, err
	}
	if version == skill.Latest {
		version = r.Latest
	}
	v, err := store.GetSkillVersion(tx, id, version)
	if errors.Is(err, store.ErrNotFound) {
		err = skill.MissingVersion(id, version)
	}
	return v, err
}

// List reads a page of skills, newest first. source restricts it; "" doesn't.
func (s *Skills) List(ctx context.Context, source string, req page.Request) (res page.Result[skill.Record], err error) {
	err = s.c.DB.View(ctx, func(tx store.Tx) (err error) {
		res, err = page.Read(req, store.SkillKey, func(r page.Range) (rows []skill.Record, err error) {
			if source == "" || source == skill.Custom {
				if rows, err = store.ListSkills(tx, r); err != nil {
					return nil, err
				}
			}
			if source == "" || source == skill.Anthropic {
				rows = merge(rows, r)
			}
			return rows, nil
		})
		return err
	})
	return res, err
}

// merge adds the prebuilt skills of a range, read from new to old, to the
// others.
func merge(rows []skill.Record, r page.Range) []skill.Record {
	older := func(a, b page.Key) int {
		return cmp.Or(cmp.Compare(b.Sort, a.Sort), cmp.Compare(b.ID, a.ID))
	}
	for _, p := range prebuilt.All() {
		if r.From == nil || older(*r.From, store.SkillKey(p.Record)) < 0 {
			rows = append(rows, p.Record)
		}
	}
	slices.SortFunc(rows, func(a, b skill.Record) int { return older(store.SkillKey(a), store.SkillKey(b)) })
	return rows[:min(len(rows), r.Limit)]
}

// Versions reads a page of the versions of a skill, newest first.
func (s *Skills) Versions(ctx context.Context, id string, req page.Request) (res page.Result[skill.Version], err error) {
	err = s.c.DB.View(ctx, func(tx store.Tx) (err error) {
		p, isPrebuilt := prebuilt.Find(id)
		if !isPrebuilt {
			if _, err := own(tx, id); err != nil {
				return err
			}
		}
		res, err = page.Read(req, store.SkillVersionKey, func(r page.Range) ([]skill.Version, error) {
			if !isPrebuilt {
				return store.ListSkillVersions(tx, id, r)
			}
			if r.From != nil {
				return nil, nil // its one version was on the page before
			}
			return []skill.Version{p.Version}, nil
		})
		return err
	})
	return res, err
}

// Open opens the archive of a version; the caller closes it.
func (s *Skills) Open(ctx context.Context, v skill.Version) (io.ReadSeekCloser, error) {
	if v.Blob != "" {
		r, _, err := s.c.Blobs.Open(ctx, v.Blob)
		if errors.Is(err, blob.ErrNotFound) { // deleted since v was read, or lost
			if _, again := s.Version(ctx, v.SkillID, v.ID); again != nil {
				return nil, again
			}
		}
		return r, err
	}
	files, err := builtin(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer // a few kilobytes
	if err := pack(&b, v.Doc.Name, files); err != nil {
		return nil, err
	}
	return nopCloser{bytes.NewReader(b.Bytes())}, nil
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }
