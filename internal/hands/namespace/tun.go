package namespace

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands/box"
	"github.com/ostlerdev/ostler/internal/hands/tun"
)

// connect makes the network interface of a sandbox whose inner stage is process
// pid, and sends its descriptor to the server. The inner stage can't do so
// itself: the device may be root's alone, whom it isn't any more.
func connect(pid int) error {
	done := make(chan error)
	go func() {
		// This thread ends with the goroutine, because an ordinary user's
		// launcher can't get it back into the host's network.
		runtime.LockOSThread()
		done <- connectHere(pid)
	}()
	return <-done
}

func connectHere(pid int) error {
	sandbox, err := os.Open("/proc/" + strconv.Itoa(pid) + "/ns/net")
	if err != nil {
		return err
	}
	defer sandbox.Close()
	if err := unix.Setns(int(sandbox.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the sandbox's network: %w", err)
	}
	fd, err := tun.Make()
	if err != nil {
		return err
	}
	defer unix.Close(fd) // the server has it by then, or nobody needs it
	return box.SendTUN(fd)
}
