package storetest

import (
	"errors"
	"testing"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func vaults(t *testing.T, db store.DB) {
	first := wire.Vault{ID: "vlt_1", Type: "vault", DisplayName: "one", Metadata: wire.Metadata{"k": "v"}, CreatedAt: wire.Micros(1), UpdatedAt: wire.Micros(2)}
	second := wire.Vault{ID: "vlt_2", Type: "vault", DisplayName: "two", Metadata: wire.Metadata{}, CreatedAt: wire.Micros(5), UpdatedAt: wire.Micros(5)}
	update(t, db, func(tx store.Tx) error {
		return errors.Join(store.InsertVault(tx, first), store.InsertVault(tx, second))
	})
	same := func(want wire.Vault) {
		t.Helper()
		view(t, db, func(tx store.Tx) error {
			got, err := store.GetVault(tx, want.ID)
			if err != nil || string(wire.Encode(got)) != string(wire.Encode(want)) {
				t.Errorf("got %s, %v\nwant %s", wire.Encode(got), err, wire.Encode(want))
			}
			return nil
		})
	}
	same(first)
	archived := wire.Micros(9)
	first.DisplayName, first.Metadata, first.UpdatedAt, first.ArchivedAt = "uno", wire.Metadata{}, wire.Micros(9), &archived
	update(t, db, func(tx store.Tx) error { return store.SaveVault(tx, first) })
	same(first)
	same(second)
	list := func(all bool) (names string) {
		view(t, db, func(tx store.Tx) error {
			rows, err := store.ListVaults(tx, page.Range{Order: page.Desc, Limit: 5}, all)
			for _, v := range rows {
				names += v.DisplayName + " "
			}
			return err
		})
		return names
	}
	if got := list(false) + "/ " + list(true); got != "two / two uno " {
		t.Errorf("lists: %s", got)
	}
	update(t, db, func(tx store.Tx) error { return store.DeleteVault(tx, "vlt_1") })
	view(t, db, func(tx store.Tx) error {
		if _, err := store.GetVault(tx, "vlt_1"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("after the delete: %v", err)
		}
		return nil
	})
	if got := list(true); got != "two " {
		t.Errorf("list after the delete: %s", got)
	}
}
