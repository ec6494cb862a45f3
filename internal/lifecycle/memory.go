package lifecycle

import (
	"errors"

	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// attachStores resolves the memory stores of a new session.
func attachStores(tx store.Tx, plan *resource.Plan) error {
	return plan.AttachStores(func(id string) (*wire.MemoryStore, error) {
		m, err := store.GetMemoryStore(tx, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		return &m, err
	})
}
