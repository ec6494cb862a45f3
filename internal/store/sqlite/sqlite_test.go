package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.DB { return open(t) })
}

func open(t testing.TB) *DB {
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "a b%.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func BenchmarkUpdate(b *testing.B) {
	db := open(b)
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			err := db.Update(b.Context(), func(tx store.Tx) error {
				_, err := tx.Exec(`INSERT INTO events (session_id, seq, id, thread_id, type, processed_at, data) VALUES ('s', (SELECT COUNT(*) FROM agents) + abs(random()), 'i', 't', 'x', 0, '{}')`)
				return err
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
}
