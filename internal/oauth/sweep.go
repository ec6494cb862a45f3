package oauth

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
)

const (
	sweepEvery = time.Minute
	sweepMost  = 500 // credentials in one sweep
	sweepWidth = 8   // refreshes at a time
)

// Run sweeps every minute until ctx ends.
func (r *Refresher) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("OAuth tokens that expire were not all looked at", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Sweep refreshes tokens that expire soon, and waits for the outcome. Refusals
// of token endpoints are logged; the error is an internal one.
func (r *Refresher) Sweep(ctx context.Context) error {
	var due []vault.Stored
	err := r.DB.View(ctx, func(tx store.Tx) error {
		ids, err := store.DueRefreshes(tx, r.Now().UnixMicro(), sweepMost)
		if err != nil {
			return err
		}
		for _, id := range ids {
			c, err := store.StoredCredential(tx, id)
			if err != nil {
				return err
			}
			due = append(due, c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(sweepWidth)
	for _, c := range due {
		group.Go(func() error {
			_, err := r.refresh(ctx, c, false)
			var failure *Failure
			if errors.As(err, &failure) || errors.Is(err, store.ErrNotFound) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}
