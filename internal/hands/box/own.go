package box

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// give makes a writable volume and all in it the property of root inside, as
// the server may have put files there. Of a read-only volume only the top is
// made passable.
func give(v Volume, owner int) error {
	if v.ReadOnly {
		info, err := os.Stat(v.Source)
		if err != nil {
			return err
		}
		return os.Chmod(v.Source, info.Mode().Perm()|0o055)
	}
	return filepath.WalkDir(v.Source, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) >= owner && int(st.Uid) < owner+IDs {
			return nil
		}
		return os.Lchown(path, owner, owner)
	})
}

// IDs is how many host ids, from Config.Owner on, a privileged server gives to
// sandboxes.
const IDs = 65536

// DefaultFirstID is the first of the host ids that sandboxes of a privileged
// server use. It is far from the ranges that /etc/subuid gives to users (from
// 100000 on), whose containers could reach the sandboxes' files, and in one
// that systemd leaves free.
const DefaultFirstID = 2_000_000_000
