//go:build linux

package inside

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands/box"
	"github.com/ostlerdev/ostler/internal/hands/guest"
	"github.com/ostlerdev/ostler/internal/hands/tun"
)

// deviceFD is the second stage's descriptor of the network interface.
const deviceFD = 3

// Main is the main function of process 1, with its arguments. It returns the
// exit code.
func Main(arguments []string) int {
	err := errors.New("no such stage")
	switch {
	case arguments[0] == argInit && len(arguments) == 3:
		err = initialize(arguments[1], arguments[2] == "true")
	case arguments[0] == argCarry:
		err = carry()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "init:", err)
		return 1
	}
	return 0
}

// initialize is the first stage. It returns only if it fails.
func initialize(user string, network bool) error {
	runtime.LockOSThread() // privileges are the thread's, and it executes the next stage
	id, err := strconv.Atoi(user)
	if err != nil {
		return err
	}
	// Links and directories may be made at the top; what is there already can't
	// be taken away. (An image doesn't keep the mode of its top.)
	if err := unix.Chmod("/", topMode); err != nil {
		return fmt.Errorf("open the top directory: %w", err)
	}
	if err := finish("/", network); err != nil {
		return fmt.Errorf("finish the file system: %w", err)
	}
	next := []string{guest.Name}
	if network {
		if err := makeDevice(); err != nil {
			return fmt.Errorf("network interface: %w", err)
		}
		next = append(next, argCarry)
	}
	if err := resign(id); err != nil {
		return fmt.Errorf("give up privileges: %w", err)
	}
	return fmt.Errorf("execute the guest: %w", unix.Exec(box.InsideGuest, next, nil))
}

const topMode = 0o1777

// makeDevice makes the interface and leaves it to the next stage.
func makeDevice() error {
	fd, err := tun.Make()
	if err != nil {
		return err
	}
	// The agent has no use for the file. Where it can't be removed, being
	// another's mount, it takes a privilege to use.
	_ = os.Remove(Device)
	if fd == deviceFD {
		_, err = unix.FcntlInt(deviceFD, unix.F_SETFD, 0)
		return err
	}
	return unix.Dup3(fd, deviceFD, 0)
}

// resign makes the thread a user's and gives up every privilege, for good.
func resign(user int) error {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil && err != unix.EINVAL {
			return fmt.Errorf("drop capability %d: %w", c, err) // EINVAL: an older kernel has fewer
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if user != 0 {
		// By system calls of this thread only: the others end here.
		for _, call := range [][4]uintptr{
			{unix.SYS_SETGROUPS, 0, 0, 0},
			{unix.SYS_SETRESGID, uintptr(user), uintptr(user), uintptr(user)},
			{unix.SYS_SETRESUID, uintptr(user), uintptr(user), uintptr(user)},
		} {
			if _, _, errno := unix.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
				return errno
			}
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0])
}

// carry is the second stage of a container with a network interface: the guest,
// whose standard input carries the packets for the interface besides requests,
// and whose standard error those that come from it.
func carry() error {
	if err := unix.SetNonblock(deviceFD, true); err != nil {
		return err
	}
	unix.CloseOnExec(deviceFD)
	device := os.NewFile(deviceFD, "tun")
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(Split(w, device, os.Stdin)) }()
	// Without its interface the sandbox is lost.
	go func() { _ = w.CloseWithError(SendPackets(os.Stderr, device)) }()
	return guest.Serve(r, os.Stdout)
}
