package guest

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// show mounts directories of the shelf where the session has them, takes the
// shelf out of sight, and gives up the right to mount for good.
func show(s frame.Shelf) error {
	for _, b := range s.Binds {
		if err := os.MkdirAll(b.To, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(b.From, b.To, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("show %s: %w", b.To, err)
		}
	}
	// Below these mounts are the same files, as the root file system has them.
	if err := unix.Mount("none", s.Path, "tmpfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, "mode=555"); err != nil {
		return fmt.Errorf("cover %s: %w", s.Path, err)
	}
	if err := stopMounting(); err != nil {
		return fmt.Errorf("give up the right to mount: %w", err)
	}
	return nil
}

// keepMounting keeps the right to mount from every program that this process
// starts. (Those of root have what is in the bounding set.)
func keepMounting() error {
	if err := everywhere(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, unix.CAP_SYS_ADMIN); err != nil {
		return fmt.Errorf("keep programs from mounting: %w", err)
	}
	return nil
}

// stopMounting gives up the right to mount, in all threads of this process.
func stopMounting() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return err
	}
	const mounting = 1 << unix.CAP_SYS_ADMIN
	data[0].Effective &^= mounting
	data[0].Permitted &^= mounting
	data[0].Inheritable &^= mounting
	return everywhere(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&data[0])))
}

// everywhere makes a system call in all threads.
func everywhere(trap, a, b uintptr) error {
	if _, _, errno := syscall.AllThreadsSyscall(trap, a, b, 0); errno != 0 {
		return errno
	}
	return nil
}
