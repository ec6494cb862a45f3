package guest

import (
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// reaper buries the orphans of the sandbox, which all become children of PID 1,
// and leaves the shell, whose end package os waits for, alone. Waiting for any
// child (-1) would race with that wait and steal its status.
//
// The shell is the only process the guest starts (a test holds the SDK to it),
// so one pid tells the two kinds of children apart. While a shell is being
// started and its pid isn't known yet, nothing is reaped.
type reaper struct {
	signals chan os.Signal

	mu  sync.Mutex
	own int  // pid of the shell, 0 if none
	off bool // for tests, which have children of their own
}

func newReaper() *reaper {
	r := &reaper{signals: make(chan os.Signal, 1)}
	signal.Notify(r.signals, unix.SIGCHLD)
	return r
}

// run reaps for ever.
func (r *reaper) run() {
	for range r.signals {
		r.reap()
	}
}

// adopt calls start, which starts the shell and returns its pid.
func (r *reaper) adopt(start func() (int, error)) error {
	r.mu.Lock()
	pid, err := start()
	if err == nil {
		r.own = pid
	}
	r.mu.Unlock()
	r.reap()
	return err
}

// release forgets the shell after it was waited for.
func (r *reaper) release() {
	r.mu.Lock()
	r.own = 0
	r.mu.Unlock()
	r.reap()
}

// reap waits for every dead child but the shell.
func (r *reaper) reap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.off {
		pid, ok := deadChild()
		if !ok {
			return
		}
		if pid == r.own {
			// The shell hides those behind it until the next call buries it.
			return
		}
		for {
			if _, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); err != unix.EINTR {
				break
			}
		}
	}
}

// deadChild names a dead child without reaping it.
func deadChild() (int, bool) {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, false // no children
		}
		pid := siginfoPid(&info)
		return pid, pid > 0
	}
}
