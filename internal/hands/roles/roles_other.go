//go:build !linux

package roles

// Dispatch does nothing: what runs in sandboxes is a program for Linux.
func Dispatch() {}
