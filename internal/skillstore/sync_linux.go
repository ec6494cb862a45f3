package skillstore

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncFS makes durable what was written to the file system of dir.
func syncFS(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}
