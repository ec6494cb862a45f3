// Package sqlite is the embedded database: one file in WAL mode with
// synchronous=FULL, one writer that commits groups of updates, and a pool of
// readers. A second process on the same file is refused.
package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"sync"

	_ "modernc.org/sqlite" // registers the driver

	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/migrations"
)

const readers = 4

// DB is an open SQLite database.
type DB struct {
	pool   *sql.DB // readers
	writes *sql.DB // exactly one connection
	queue  chan *update
	stop   chan struct{}
	done   chan struct{}
	once   sync.Once
}

// Open opens or makes the database in file and brings its schema up to date.
func Open(ctx context.Context, file string) (*DB, error) {
	open := func(n int, more string) (*sql.DB, error) {
		dsn := "file:" + (&url.URL{Path: file}).EscapedPath() +
			"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
			"&_pragma=cache_size(-16000)&_pragma=temp_store(MEMORY)" + more
		db, err := sql.Open("sqlite", dsn)
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(n)
		db.SetMaxIdleConns(n)
		return db, nil
	}
	writes, err := open(1, "&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	if err := migrations.Up(ctx, migrations.SQLite, writes); err != nil {
		writes.Close()
		return nil, fmt.Errorf("database %s: %w", file, err)
	}
	pool, err := open(readers, "&_pragma=query_only(1)")
	if err != nil {
		writes.Close()
		return nil, err
	}
	w, err := newWriter(ctx, writes)
	if err != nil {
		pool.Close()
		writes.Close()
		return nil, err
	}
	db := &DB{pool: pool, writes: writes, queue: make(chan *update, 1024), stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(db.done)
		w.run(db.queue, db.stop)
	}()
	return db, nil
}

// Update implements store.DB.
func (db *DB) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u := &update{fn: fn, done: make(chan error, 1)}
	select {
	case db.queue <- u:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.stop:
		return errClosed
	}
	// Once queued, the outcome is waited for: a caller that gave up could not
	// tell whether its write happened.
	select {
	case err := <-u.done:
		return err
	case <-db.done:
		select {
		case err := <-u.done:
			return err
		default:
			return errClosed
		}
	}
}

// View implements store.DB.
func (db *DB) View(ctx context.Context, fn func(store.Tx) error) error {
	tx, err := db.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() // a read has nothing to commit
	return fn(viewTx{tx})
}

// Close implements store.DB.
func (db *DB) Close() error {
	var err error
	db.once.Do(func() {
		close(db.stop)
		<-db.done
		err = db.pool.Close()
		if e := db.writes.Close(); err == nil {
			err = e
		}
	})
	return err
}

type viewTx struct{ tx *sql.Tx }

func (v viewTx) Exec(query string, args ...any) (sql.Result, error) {
	return v.tx.Exec(query, args...)
}

func (v viewTx) Query(query string, args ...any) (*sql.Rows, error) {
	return v.tx.Query(query, args...)
}

func (v viewTx) QueryRow(query string, args ...any) *sql.Row {
	return v.tx.QueryRow(query, args...)
}

func (viewTx) OnCommit(func()) {}
