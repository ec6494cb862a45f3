package guest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// processes is a set of pids that were alive at one moment.
type processes map[int]bool

// snapshot lists what runs in the sandbox.
func snapshot() (processes, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	p := processes{}
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			p[pid] = true
		}
	}
	return p, nil
}

// killTime bounds the chase after processes that fork while they are killed.
const killTime = 5 * time.Second

// killNew kills every process that isn't in p and descends, through processes
// that aren't in p either, from PID 1: that is what the last command started.
// A child of a process in p belongs to an earlier command's background work.
func (p processes) killNew() error {
	return killWhile(func(pid int, parents map[int]int) bool {
		if p[pid] {
			return false
		}
		for parent := parents[pid]; parent > 1; parent = parents[parent] {
			if p[parent] {
				return false
			}
		}
		return true
	})
}

// killAll kills every process but the guest.
func killAll() error {
	return killWhile(func(int, map[int]int) bool { return true })
}

// killWhile kills the living processes that doomed names until there are none.
func killWhile(doomed func(pid int, parents map[int]int) bool) error {
	for deadline := time.Now().Add(killTime); time.Now().Before(deadline); {
		parents, err := living()
		if err != nil {
			return err
		}
		left := 0
		for pid := range parents {
			if pid == 1 || !doomed(pid, parents) {
				continue
			}
			left++
			if err := unix.Kill(pid, unix.SIGKILL); err != nil && err != unix.ESRCH {
				return fmt.Errorf("kill %d: %w", pid, err)
			}
		}
		if left == 0 {
			return nil
		}
		time.Sleep(time.Millisecond) // let them die
	}
	return fmt.Errorf("processes keep appearing after %s of killing", killTime)
}

// living maps every process that isn't dead to its parent.
func living() (map[int]int, error) {
	all, err := snapshot()
	if err != nil {
		return nil, err
	}
	parents := map[int]int{}
	for pid := range all {
		parent, alive := parentOf(pid)
		if alive {
			parents[pid] = parent
		}
	}
	return parents, nil
}

// parentOf reads a process's parent; alive is false for the dead.
func parentOf(pid int) (parent int, alive bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false // it is gone
	}
	// "pid (name) state ppid ...", where the name may hold anything.
	rest := stat[bytes.LastIndexByte(stat, ')')+1:]
	fields := bytes.Fields(rest)
	if len(fields) < 2 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return 0, false
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return parent, err == nil
}
