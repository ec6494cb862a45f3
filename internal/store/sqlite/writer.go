package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ostlerdev/ostler/internal/store"
)

// maxGroup bounds how many updates share a commit, and so how long the first
// of them waits for the last.
const maxGroup = 128

var errClosed = errors.New("the database is closed")

type update struct {
	fn   func(store.Tx) error
	done chan error
}

// writer owns the one writing connection.
type writer struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &writer{conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

// run commits groups until stop is closed and the queue is empty.
func (w *writer) run(queue chan *update, stop chan struct{}) {
	defer w.conn.Close()
	group := make([]*update, 0, maxGroup)
	for {
		group = group[:0]
		select {
		case u := <-queue:
			group = append(group, u)
		case <-stop:
			select {
			case u := <-queue:
				group = append(group, u)
			default:
				return
			}
		}
	more:
		for len(group) < maxGroup {
			select {
			case u := <-queue:
				group = append(group, u)
			default:
				break more
			}
		}
		w.commit(group)
	}
}

// commit runs a group in one transaction. An update that fails is rolled back
// alone; a commit that fails fails them all.
func (w *writer) commit(group []*update) {
	if _, err := w.exec("BEGIN IMMEDIATE"); err != nil {
		finish(group, nil, err)
		return
	}
	errs := make([]error, len(group))
	var hooks []func()
	for i, u := range group {
		tx := &writeTx{w: w}
		if errs[i] = w.one(tx, u.fn); errs[i] == nil {
			hooks = append(hooks, tx.hooks...)
		}
	}
	if _, err := w.exec("COMMIT"); err != nil {
		w.exec("ROLLBACK") // the commit's own error is the one to report
		finish(group, errs, fmt.Errorf("commit: %w", err))
		return
	}
	for _, fn := range hooks {
		fn()
	}
	finish(group, errs, nil)
}

// one runs fn inside a savepoint.
func (w *writer) one(tx *writeTx, fn func(store.Tx) error) (err error) {
	if _, err := w.exec("SAVEPOINT one"); err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in an update: %v", p)
		}
		if err != nil {
			if _, e := w.exec("ROLLBACK TO one"); e != nil {
				err = errors.Join(err, e)
			}
		}
		if _, e := w.exec("RELEASE one"); e != nil {
			err = errors.Join(err, e)
		}
	}()
	return fn(tx)
}

func finish(group []*update, errs []error, all error) {
	for i, u := range group {
		err := all
		if err == nil && errs != nil {
			err = errs[i]
		}
		u.done <- err
	}
}

// stmt prepares a query once. Query texts are constants of the program, so
// the cache is bounded.
func (w *writer) stmt(query string) (*sql.Stmt, error) {
	if s, ok := w.stmts[query]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = s
	return s, nil
}

func (w *writer) exec(query string, args ...any) (sql.Result, error) {
	s, err := w.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.Exec(args...)
}

type writeTx struct {
	w     *writer
	hooks []func()
}

func (t *writeTx) Exec(query string, args ...any) (sql.Result, error) {
	return t.w.exec(query, args...)
}

func (t *writeTx) Query(query string, args ...any) (*sql.Rows, error) {
	s, err := t.w.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.Query(args...)
}

func (t *writeTx) QueryRow(query string, args ...any) *sql.Row {
	s, err := t.w.stmt(query)
	if err != nil {
		return t.w.conn.QueryRowContext(context.Background(), query, args...) // reports the same error
	}
	return s.QueryRow(args...)
}

func (t *writeTx) OnCommit(fn func()) { t.hooks = append(t.hooks, fn) }
