package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/ostlerdev/ostler/internal/skillstore"
)

// keepSkills removes what no skill needs any more, now and every hour, until
// ctx ends.
func keepSkills(skills *skillstore.Skills, log *slog.Logger) func(context.Context) {
	return func(ctx context.Context) {
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for {
			if err := skills.Sweep(ctx); err != nil && ctx.Err() == nil {
				log.Error("what is left of deleted skills was not removed", "error", err)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}
}
