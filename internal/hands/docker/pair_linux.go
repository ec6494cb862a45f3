package docker

import "golang.org/x/sys/unix"

// pairType is the type of socket that keeps packets apart and in order, and
// tells of its end.
const pairType = unix.SOCK_SEQPACKET
