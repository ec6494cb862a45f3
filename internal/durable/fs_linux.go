package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// SyncFS puts everything on disk that was written to the file system of path.
func SyncFS(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}
