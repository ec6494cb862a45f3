//go:build linux

package box

import (
	"os"

	"golang.org/x/sys/unix"
)

// Privileged says whether this process may make namespaces and mounts without
// a user namespace of its own.
func Privileged() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if os.Geteuid() != 0 || unix.Capget(&header, &data[0]) != nil {
		return false
	}
	need := uint32(1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID | 1<<unix.CAP_CHOWN)
	return data[0].Effective&need == need
}
