package memorysync

import "golang.org/x/sys/unix"

// renameNew renames unless something is there.
func renameNew(from int, name string, to int, as string) error {
	return unix.Renameat2(from, name, to, as, unix.RENAME_NOREPLACE)
}

// exchange lets two names change places.
func exchange(from int, name string, to int, other string) error {
	return unix.Renameat2(from, name, to, other, unix.RENAME_EXCHANGE)
}
