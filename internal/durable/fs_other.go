//go:build !linux

package durable

import "golang.org/x/sys/unix"

// SyncFS puts everything on disk that was written to any file system.
func SyncFS(string) error { return unix.Sync() }
