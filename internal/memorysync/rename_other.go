//go:build !linux

package memorysync

import "golang.org/x/sys/unix"

// renameNew says that it can't, and the caller has another way.
func renameNew(int, string, int, string) error { return unix.ENOSYS }

// exchange says that it can't, and the caller has another way.
func exchange(int, string, int, string) error { return unix.ENOSYS }
