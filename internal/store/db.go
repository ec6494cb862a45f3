// Package store keeps the server's rows: resources, sessions and their logs.
// It is a seam with one SQL text ($n parameters, types and clauses that SQLite
// and PostgreSQL share); sub-packages open a database of one kind.
//
// Promises: what Update has returned nil for is on disk (SQLite: WAL with
// synchronous=FULL). Updates are serial; each is all or nothing. Functions
// given to OnCommit run in commit order, after the commit and before Update
// returns. A View sees one consistent state, and every Update that returned
// before it began.
//
// The package may not import api, brain, journal, hands or net/http.
package store

import (
	"context"
	"database/sql"
	"errors"
)

// ErrNotFound says that a row does not exist.
var ErrNotFound = errors.New("no such row")

// DB is a database.
type DB interface {
	// Update runs fn in a transaction and commits it. Updates that are asked
	// for at the same time may share one commit. fn must not keep tx, must not
	// block on anything but tx, and must not call Update.
	Update(ctx context.Context, fn func(tx Tx) error) error
	// View runs fn in a read-only transaction.
	View(ctx context.Context, fn func(tx Tx) error) error
	// Close waits for running transactions and closes the database.
	Close() error
}

// Tx is a transaction. Parameters are written $1, $2, …
type Tx interface {
	Exec(query string, args ...any) (sql.Result, error)
	Query(query string, args ...any) (*sql.Rows, error)
	// QueryRow is Query for a single row; Scan answers sql.ErrNoRows if none.
	QueryRow(query string, args ...any) *sql.Row
	// OnCommit runs fn after the commit, in commit order. It does nothing in
	// a View.
	OnCommit(fn func())
}

// Collect runs query and scans every row with scan.
func Collect[T any](tx Tx, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// One scans the only row of query into dest; ErrNotFound if there is none.
func One(tx Tx, query string, args []any, dest ...any) error {
	err := tx.QueryRow(query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
