package provision

import "golang.org/x/sys/unix"

// moveTo renames from to name in the directory dir, unless name is there.
func moveTo(from string, dir int, name string) error {
	return unix.Renameat2(unix.AT_FDCWD, from, dir, name, unix.RENAME_NOREPLACE)
}
