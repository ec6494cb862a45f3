package lifecycle

import (
	"context"
	"errors"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// AddResource attaches a file to a session. When it returns, the agent's next
// tool call sees the file (Managed Agents API: session resources).
func (s *Service) AddResource(ctx context.Context, id string, p wire.ResourceParams) (out wire.Resource, err error) {
	err = s.changeResources(ctx, id, func(tx store.Tx, row *store.Session, at int64) error {
		doc, err := row.Doc()
		if err != nil {
			return err
		}
		have, err := store.ResourcesOf(tx, id)
		if err != nil {
			return err
		}
		env := resource.Environment{ID: row.EnvironmentID, SelfHosted: doc.Environment == wire.TypeSelfHosted}
		plan, err := resource.CheckAdd(&p, have, env, s.Resources)
		if err != nil {
			return err
		}
		if err := checkPlaces(plan, doc.Agent.Skills); err != nil {
			return err
		}
		if err := plan.Bind(id, s.IDs, s.Sealer); err != nil {
			return err
		}
		out = plan.Items[0].Wire(at)
		return store.InsertResources(tx, plan, at)
	})
	return out, err
}

// UpdateResource gives a repository of a session a new token.
func (s *Service) UpdateResource(ctx context.Context, id, resourceID string, p wire.UpdateResourceParams) (out wire.Resource, err error) {
	err = s.changeResources(ctx, id, func(tx store.Tx, _ *store.Session, at int64) error {
		have, err := findResource(tx, id, resourceID)
		if err != nil {
			return err
		}
		repo, token, err := resource.CheckUpdate(&p, have)
		if err != nil {
			return err
		}
		sealed, err := s.Sealer.Seal(token, resource.TokenAAD(id, resourceID))
		if err != nil {
			return err
		}
		repo.UpdatedAt = wire.Micros(max(at, repo.UpdatedAt.Micros()+1))
		out = repo
		return store.SaveResource(tx, repo, sealed, repo.UpdatedAt.Micros())
	})
	return out, err
}

// DeleteResource takes a file from a session. Repositories stay for the
// session's life.
func (s *Service) DeleteResource(ctx context.Context, id, resourceID string) error {
	var unused string
	err := s.changeResources(ctx, id, func(tx store.Tx, _ *store.Session, _ int64) error {
		have, err := findResource(tx, id, resourceID)
		if err != nil {
			return err
		}
		f, err := resource.CheckDelete(have)
		if err != nil {
			return err
		}
		unused, err = store.DeleteFileResource(tx, f)
		return err
	})
	if err == nil && unused != "" {
		s.Unused([]string{unused})
	}
	return err
}

// GetResource reads a resource of a session.
func (s *Service) GetResource(ctx context.Context, id, resourceID string) (out wire.Resource, err error) {
	err = s.DB.View(ctx, func(tx store.Tx) error {
		if _, err := store.GetSession(tx, id); err != nil {
			return missing(err, id)
		}
		out, err = findResource(tx, id, resourceID)
		return err
	})
	return out, err
}

// changeResources runs change on a session that is still alive, moves its
// updated_at, and tells its sandbox.
func (s *Service) changeResources(ctx context.Context, id string, change func(store.Tx, *store.Session, int64) error) error {
	err := s.DB.Update(ctx, func(tx store.Tx) error {
		row, err := store.GetSession(tx, id)
		if err != nil {
			return missing(err, id)
		}
		if row.Status == wire.Terminated {
			return fault.New(fault.Invalid, "session is archived")
		}
		at := s.Now().UnixMicro()
		if err := change(tx, row, at); err != nil {
			return err
		}
		row.UpdatedAt = max(at, row.UpdatedAt+1)
		return store.SaveState(tx, row)
	})
	if err == nil && s.Changed != nil {
		s.Changed(ctx, id)
	}
	return err
}

func findResource(tx store.Tx, id, resourceID string) (wire.Resource, error) {
	r, err := store.GetResource(tx, id, resourceID)
	if errors.Is(err, store.ErrNotFound) {
		err = resource.Missing(resourceID)
	}
	return r, err
}
