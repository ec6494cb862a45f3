package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/ostlerdev/ostler/internal/filestore"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/outputs"
	"github.com/ostlerdev/ostler/internal/sandboxes"
)

// files is what the other parts ask of files.
type files struct {
	*filestore.Files
	outputs *outputs.Service
	log     *slog.Logger
}

// remove removes bytes that nothing refers to any more.
func (f *files) remove(blobs []string) {
	if err := f.Release(context.Background(), blobs); err != nil {
		f.log.Error("bytes of files were not removed", "error", err)
	}
}

func (f *files) materialize(ctx context.Context, session, dir string) ([]hands.Link, error) {
	return f.outputs.Materialize(ctx, session, dir)
}

func (f *files) publish(ctx context.Context, session, dir string) error {
	report, err := f.outputs.Sync(ctx, session, dir)
	for _, s := range report.Skipped {
		f.log.Warn("an output was not published", "session", session, "path", s.Path, "reason", s.Reason)
	}
	return err
}

// keep removes what crashes left behind, and then expired files every hour,
// until ctx ends.
func (f *files) keep(ctx context.Context) {
	removed, err := f.CollectGarbage(ctx)
	if err != nil && ctx.Err() == nil {
		f.log.Error("bytes without a file were not removed", "error", err)
	}
	if removed > 0 {
		f.log.Info("removed bytes without a file", "count", removed)
	}
	hourly(f.log, "expired files were not swept", f.Sweep)(ctx)
}

// refreshTime bounds how long a client waits until its session's sandbox shows
// a change of resources.
const refreshTime = 30 * time.Second

// changed shows changed resources in the session's sandbox. If that fails, they
// show when a sandbox is started next.
func (f *files) changed(boxes *sandboxes.Manager) func(context.Context, string) {
	return func(ctx context.Context, session string) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTime)
		defer cancel()
		if err := boxes.Refresh(ctx, session); err != nil {
			f.log.Error("changed resources don't show in the sandbox", "session", session, "error", err)
		}
	}
}
