package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/secret"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
)

// Files of a data directory.
const (
	databaseFile = "ostler.db"
	keyFile      = "master_key"
)

// RotateKey gives a data directory a new master key: every secret is sealed
// with it in one transaction, then it takes the old key's place, which is
// gone. It returns the number of secrets. No server may use the directory
// meanwhile; that is refused.
//
// It may be killed at any moment. Until it has ended, a server opens what is
// sealed with either key, and another RotateKey goes on.
func RotateKey(ctx context.Context, dir string) (int, error) {
	return rotateKey(ctx, dir, func(string) error { return nil })
}

// rotateKey calls reached after each step, and ends there if that fails.
func rotateKey(ctx context.Context, dir string, reached func(step string) error) (secrets int, err error) {
	for _, name := range []string{databaseFile, keyFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return 0, fmt.Errorf("%s is not the data directory of a server: %w", dir, err)
		}
	}
	data, err := openDataDir(dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, data.close()) }()
	db, err := sqlite.Open(ctx, data.file(databaseFile))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = secret.Rotate(data.file(keyFile), func(box *secret.Box) error {
		if err := reached("key written"); err != nil {
			return err
		}
		err := db.Update(ctx, func(tx store.Tx) error {
			if secrets, err = store.Reseal(tx, box); err != nil {
				return err
			}
			return reached("sealed")
		})
		if err != nil {
			return err
		}
		return reached("committed")
	})
	return secrets, err
}
