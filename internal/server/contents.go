package server

import (
	"context"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/memorysync"
	"github.com/ostlerdev/ostler/internal/skillstore"
)

// contents is what clients store and sandboxes show.
type contents struct {
	files    *files
	skills   *skillstore.Skills
	memories *memorystore.Service
}

// mounts is what a session's sandbox shows besides its own directory: its
// skills, and the memory stores that kept keeps in step.
func (in contents) mounts(kept *memorysync.Service) func(context.Context, string, string) ([]hands.Mount, error) {
	return func(ctx context.Context, session, dir string) ([]hands.Mount, error) {
		skills, err := in.skills.Mounts(ctx, session, dir)
		if err != nil {
			return nil, err
		}
		stores, err := kept.Mounts(ctx, session, dir)
		return append(skills, stores...), err
	}
}
