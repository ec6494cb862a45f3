package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/ostlerdev/ostler/internal/filestore"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/memorysync"
	"github.com/ostlerdev/ostler/internal/outputs"
	"github.com/ostlerdev/ostler/internal/skillstore"
)

// contents is what clients store and sandboxes show.
type contents struct {
	files    *files
	skills   *skillstore.Skills
	memories *memorystore.Service
}

// contents opens what is stored, and begins to keep it in order.
func (s *Server) contents(b *base, log *slog.Logger) (in contents, err error) {
	stored := filestore.New(filestore.Config{DB: b.db, Blobs: b.blobs, IDs: b.ids, Now: time.Now})
	in.files = &files{Files: stored, outputs: outputs.New(outputs.Config{Files: stored}), log: log}
	s.background(in.files.keep)
	if in.skills, err = skillstore.New(skillstore.Config{DB: b.db, Blobs: b.blobs, IDs: b.ids, Now: time.Now, Dir: b.data.file("skills")}); err != nil {
		return in, err
	}
	s.background(hourly(log, "what is left of deleted skills was not removed", in.skills.Sweep))
	in.memories = memorystore.New(memorystore.Config{DB: b.db, IDs: b.ids, Now: time.Now})
	s.background(hourly(log, "old versions of memories were not removed", in.memories.Prune))
	return in, nil
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
