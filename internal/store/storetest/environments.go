package storetest

import (
	"errors"
	"testing"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func environments(t *testing.T, db store.DB) {
	description := ""
	first := wire.Environment{
		ID: "env_1", Type: "environment", Name: "one", Description: &description, Scope: "organization", Metadata: wire.Metadata{"k": "v"},
		Config: wire.EnvironmentConfig{
			Type:       wire.TypeCloud,
			Networking: &wire.Networking{Type: wire.TypeLimited, LimitedNetwork: &wire.LimitedNetwork{AllowedHosts: []string{"a.example"}, AllowMCPServers: true}},
			Packages:   &wire.Packages{Type: "packages", Pip: []string{"x==1"}},
		},
		CreatedAt: wire.Micros(1), UpdatedAt: wire.Micros(2),
	}
	second := wire.Environment{ID: "env_2", Type: "environment", Name: "two", Scope: "organization",
		Config: wire.EnvironmentConfig{Type: wire.TypeSelfHosted}, CreatedAt: wire.Micros(5), UpdatedAt: wire.Micros(5)}
	update(t, db, func(tx store.Tx) error {
		return errors.Join(store.InsertEnvironment(tx, first), store.InsertEnvironment(tx, second))
	})
	same := func(want wire.Environment) {
		t.Helper()
		view(t, db, func(tx store.Tx) error {
			got, err := store.GetEnvironment(tx, want.ID)
			if err != nil || string(wire.Encode(got)) != string(wire.Encode(want)) {
				t.Errorf("got %s, %v\nwant %s", wire.Encode(got), err, wire.Encode(want))
			}
			return nil
		})
	}
	same(first)
	same(second)

	archived := wire.Micros(9)
	first.Name, first.Description, first.UpdatedAt, first.ArchivedAt = "uno", nil, wire.Micros(9), &archived
	update(t, db, func(tx store.Tx) error { return store.SaveEnvironment(tx, first) })
	same(first)
	same(second)

	list := func(all bool) (names string) {
		view(t, db, func(tx store.Tx) error {
			rows, err := store.ListEnvironments(tx, page.Range{Order: page.Desc, Limit: 5}, all)
			for _, e := range rows {
				names += e.Name + " "
			}
			return err
		})
		return names
	}
	if got := list(false); got != "two " {
		t.Errorf("list: %s", got)
	}
	if got := list(true); got != "two uno " {
		t.Errorf("list with archived: %s", got)
	}
	view(t, db, func(tx store.Tx) error {
		for name, want := range map[string]string{"uno": "env_1", "one": "", "two": "env_2", "Two": ""} {
			if id, err := store.EnvironmentNamed(tx, name); err != nil || id != want {
				t.Errorf("%s: %q, %v", name, id, err)
			}
		}
		return nil
	})
	if err := db.Update(t.Context(), func(tx store.Tx) error {
		return store.InsertEnvironment(tx, wire.Environment{ID: "env_3", Name: "two"})
	}); err == nil {
		t.Error("a second environment of a name got in")
	}

	update(t, db, func(tx store.Tx) error {
		row := &store.Session{ID: "sesn_1", EnvironmentID: "env_1", Status: wire.Idle}
		return store.InsertSession(tx, row, store.SessionDoc{})
	})
	view(t, db, func(tx store.Tx) error {
		for id, want := range map[string]bool{"env_1": true, "env_2": false} {
			if used, err := store.EnvironmentInUse(tx, id); err != nil || used != want {
				t.Errorf("%s in use: %v, %v", id, used, err)
			}
		}
		return nil
	})
	update(t, db, func(tx store.Tx) error { return store.DeleteEnvironment(tx, "env_2") })
	view(t, db, func(tx store.Tx) error {
		if _, err := store.GetEnvironment(tx, "env_2"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("after the delete: %v", err)
		}
		return nil
	})
	if got := list(true); got != "uno " {
		t.Errorf("list after the delete: %s", got)
	}
}
