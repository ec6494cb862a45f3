// Package storetest is the conformance suite that every kind of database
// passes.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/store"
)

// Run runs the suite over databases that open makes, each empty.
func Run(t *testing.T, open func(t *testing.T) store.DB) {
	t.Run("a failed update leaves nothing and harms no other", func(t *testing.T) { failedUpdate(t, open(t)) })
	t.Run("hooks run in commit order and not for failed updates", func(t *testing.T) { hooks(t, open(t)) })
	t.Run("a panic in an update is an error of that update", func(t *testing.T) { panics(t, open(t)) })
	t.Run("a view sees every finished update", func(t *testing.T) { readYourWrites(t, open(t)) })
	t.Run("an update after Close fails", func(t *testing.T) { closed(t, open(t)) })
	t.Run("agents and their versions", func(t *testing.T) { agentVersions(t, open(t)) })
	t.Run("pages of agents are ranges of the sorted rows", func(t *testing.T) { agentPages(t, open(t)) })
	t.Run("environments", func(t *testing.T) { environments(t, open(t)) })
	t.Run("files", func(t *testing.T) { fileRows(t, open(t)) })
	t.Run("lists of files", func(t *testing.T) { fileLists(t, open(t)) })
	t.Run("files that share bytes", func(t *testing.T) { sharedBlobs(t, open(t)) })
	t.Run("files expire", func(t *testing.T) { expiry(t, open(t)) })
	t.Run("resources of sessions", func(t *testing.T) { resources(t, open(t)) })
	t.Run("skills", func(t *testing.T) { skills(t, open(t)) })
	t.Run("versions of skills", func(t *testing.T) { skillVersions(t, open(t)) })
	t.Run("vaults", func(t *testing.T) { vaults(t, open(t)) })
	t.Run("credentials", func(t *testing.T) { credentials(t, open(t)) })
	t.Run("credentials of sessions", func(t *testing.T) { sessionCredentials(t, open(t)) })
	t.Run("memory stores", func(t *testing.T) { memoryStores(t, open(t)) })
	t.Run("memories", func(t *testing.T) { memories(t, open(t)) })
	t.Run("versions of memories", func(t *testing.T) { memoryVersions(t, open(t)) })
	t.Run("secrets are sealed again", func(t *testing.T) { reseal(t, open(t)) })
	t.Run("refreshes of OAuth tokens", func(t *testing.T) { refreshes(t, open(t)) })
}

const insertEnv = `INSERT INTO environments (id, name, created_at, updated_at, doc) VALUES ($1, $2, 0, 0, '{}')`

func insert(id string) func(store.Tx) error {
	return func(tx store.Tx) error {
		_, err := tx.Exec(insertEnv, id, id)
		return err
	}
}

func count(t *testing.T, db store.DB) int {
	t.Helper()
	var n int
	err := db.View(t.Context(), func(tx store.Tx) error {
		return store.One(tx, `SELECT COUNT(*) FROM environments`, nil, &n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func failedUpdate(t *testing.T, db store.DB) {
	boom := errors.New("boom")
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			err := db.Update(context.Background(), func(tx store.Tx) error {
				if err := insert(fmt.Sprint(i))(tx); err != nil {
					return err
				}
				if i%2 == 1 {
					return boom
				}
				return nil
			})
			if want := i%2 == 1; errors.Is(err, boom) != want || (!want && err != nil) {
				t.Errorf("update %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if n := count(t, db); n != 25 {
		t.Errorf("%d rows, want 25", n)
	}
}

func hooks(t *testing.T, db store.DB) {
	var order, written []int
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			db.Update(context.Background(), func(tx store.Tx) error { // the failure is the test's own
				written = append(written, i) // updates are serial
				tx.OnCommit(func() { order = append(order, i) })
				if i%5 == 0 {
					written = written[:len(written)-1]
					return errors.New("no")
				}
				return nil
			})
		})
	}
	wg.Wait()
	if fmt.Sprint(order) != fmt.Sprint(written) || len(order) != 40 {
		t.Errorf("hooks ran as %v, updates as %v", order, written)
	}
}

func panics(t *testing.T, db store.DB) {
	err := db.Update(t.Context(), func(tx store.Tx) error {
		if err := insert("a")(tx); err != nil {
			return err
		}
		panic("oh")
	})
	if err == nil {
		t.Fatal("no error")
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows, want 0", n)
	}
}

func readYourWrites(t *testing.T, db store.DB) {
	for i := range 20 {
		if err := db.Update(t.Context(), insert(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db); n != i+1 {
			t.Fatalf("after update %d: %d rows", i+1, n)
		}
	}
}

func closed(t *testing.T, db store.DB) {
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(context.Background(), insert("a")); err == nil {
		t.Error("no error")
	}
}
