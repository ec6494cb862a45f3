package layers

import (
	"os"

	"golang.org/x/sys/unix"
)

// flush puts what is in the file system of dir on disk.
func flush(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close() // read only
	return unix.Syncfs(int(d.Fd()))
}
