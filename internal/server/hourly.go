package server

import (
	"context"
	"log/slog"
	"time"
)

// hourly runs f now and every hour until ctx ends. failed is what the log says
// if it fails.
func hourly(log *slog.Logger, failed string, f func(context.Context) error) func(context.Context) {
	return func(ctx context.Context) {
		tick := time.NewTicker(time.Hour)
		defer tick.Stop()
		for {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				log.Error(failed, "error", err)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}
}
