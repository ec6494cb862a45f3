//go:build !linux

package skillstore

import "golang.org/x/sys/unix"

// syncFS makes durable what was written to any file system.
func syncFS(string) error { return unix.Sync() }
