// Package durable puts on disk what must outlive a crash of the machine.
//
// It promises that what a function was asked for is on disk when it returns
// without an error, as far as the file system and the drive keep their word.
package durable

import (
	"errors"
	"os"
)

// SyncDir puts the entries of a directory on disk: files that were created,
// renamed or removed there.
func SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Create writes a new file, for its owner alone (mode 0600). It fails with
// [os.ErrExist] if there is one. The file's entry is for [SyncDir].
func Create(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}
