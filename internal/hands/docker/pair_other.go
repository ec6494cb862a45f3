//go:build !linux

package docker

import "golang.org/x/sys/unix"

// pairType is the next best: macOS has no SOCK_SEQPACKET between processes.
const pairType = unix.SOCK_DGRAM
