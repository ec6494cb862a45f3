// Package migrations brings a database's schema up to date. The statements
// are shared by SQLite and PostgreSQL: BIGINT microseconds for times, TEXT for
// ids and JSON, BYTEA-compatible columns declared through the dialect.
package migrations

import (
	"context"
	"database/sql"
	"embed"

	"github.com/pressly/goose/v3"
)

//go:embed *.sql
var files embed.FS

// Dialect is a kind of database.
type Dialect = goose.Dialect

// SQLite is the embedded database.
const SQLite = goose.DialectSQLite3

// Up applies what is missing.
func Up(ctx context.Context, dialect Dialect, db *sql.DB) error {
	p, err := goose.NewProvider(dialect, db, files)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}
