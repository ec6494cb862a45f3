package docker

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// pairBuffer is how many bytes of packets may be under way in a pair, in each
// direction. The kernel gives less if it is configured so.
const pairBuffer = 1 << 20

// packetPair is a pair of connected files on which each write is a packet that
// is read whole.
func packetPair() (a, b *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, pairType, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("a pair of sockets: %w", err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		if err := errors.Join(
			unix.SetNonblock(fd, true),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, pairBuffer),
		); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("a pair of sockets: %w", err), unix.Close(fds[0]), unix.Close(fds[1]))
		}
	}
	return os.NewFile(uintptr(fds[0]), "packets"), os.NewFile(uintptr(fds[1]), "packets"), nil
}
