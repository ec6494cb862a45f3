package guest

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// siginfoPid is si_pid of a SIGCHLD siginfo, which package unix doesn't expose:
// the first field of the union, which starts at the alignment of a pointer.
func siginfoPid(info *unix.Siginfo) int {
	const header = 3 * 4 // si_signo, si_errno, si_code
	offset := (header + unsafe.Sizeof(uintptr(0)) - 1) &^ (unsafe.Sizeof(uintptr(0)) - 1)
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(info), offset)))
}
