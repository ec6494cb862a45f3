package box

import (
	"os"

	"golang.org/x/sys/unix"
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
	return walk(v.Source, func(at int, name string, st *unix.Stat_t) error {
		if int(st.Uid) >= owner && int(st.Uid) < owner+IDs {
			return nil
		}
		return vanished(unix.Fchownat(at, name, owner, owner, unix.AT_SYMLINK_NOFOLLOW), 1)
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
