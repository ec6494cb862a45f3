package lifecycle

import (
	"errors"
	"fmt"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/store"
)

// checkVaults refuses vaults that don't exist or are archived. What is in them
// is looked at when it is used (Managed Agents API: vaults).
func checkVaults(tx store.Tx, ids []string) error {
	for i, id := range ids {
		v, err := store.GetVault(tx, id)
		path := fmt.Sprintf("vault_ids[%d]", i)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return fault.At(path, "no vault `%s`", id)
		case err != nil:
			return err
		case v.ArchivedAt != nil:
			return fault.At(path, "vault `%s` is archived", id)
		}
	}
	return nil
}
