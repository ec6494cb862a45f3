package skillstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/skill/prebuilt"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Mounts is what the sandbox of a session shows of its skills: a directory with
// all of them, read-only, in the workspace.
func (s *Skills) Mounts(ctx context.Context, session, _ string) ([]hands.Mount, error) {
	var versions []skill.Version
	err := s.c.DB.View(ctx, func(tx store.Tx) error {
		doc, err := store.GetSessionDoc(tx, session)
		if err != nil {
			return err
		}
		versions, err = used(tx, doc.Agent.Skills)
		return err
	})
	if err != nil || len(versions) == 0 {
		return nil, err
	}
	dir, err := s.set(ctx, versions)
	if err != nil {
		return nil, fmt.Errorf("skills of the session: %w", err)
	}
	return []hands.Mount{{Path: hands.Workspace + "/" + skill.Root, Source: dir, ReadOnly: true}}, nil
}

// Brief is what the system prompt of a session says of its skills.
func Brief(tx store.Tx, _ *store.Session, doc *store.SessionDoc) ([]string, error) {
	versions, err := used(tx, doc.Agent.Skills)
	if err != nil || len(versions) == 0 {
		return nil, err
	}
	workdir := hands.Workspace
	if doc.Environment == wire.TypeSelfHosted {
		workdir = ""
	}
	return []string{skill.Brief(versions, workdir)}, nil
}

// used reads the versions that the skills of a session's agent name. Prebuilt
// skills are always those of this server, whatever version the session was made
// with. What isn't there, in a session older than the Skills API, is left out.
func used(tx store.Tx, skills []wire.AgentSkill) (out []skill.Version, err error) {
	for _, k := range skills {
		if p, ok := prebuilt.Find(k.SkillID); ok {
			out = append(out, p.Version)
			continue
		}
		v, err := store.UsedSkillVersion(tx, k.Version)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
