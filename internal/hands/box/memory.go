//go:build linux

package box

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// memoryMeter bounds the memory that can't be had back by writing files out.
// Everything inside is stopped when it is too much, and if that doesn't help
// the sandbox is killed. Where there are control groups their limit is a little
// higher and the kernel's; it kills without a word, so the meter tries to be
// first.
func memoryMeter(box *Sandbox, limit int64) *meter {
	read := func() (int64, error) {
		if box.cgroup != nil {
			return box.cgroup.memory()
		}
		return treeMemory(box.cmd.Process.Pid)
	}
	over := false
	return newMeter(box, read, func(used int64) {
		switch reason := fmt.Sprintf("the sandbox uses %d bytes of memory, its limit is %d.", used, limit); {
		case used <= limit:
			over = false
		case over:
			box.kill(errors.New(reason))
		default:
			over = true
			box.stopAll("stopped: " + reason)
		}
	})
}

// treeMemory is the memory of a process and all its descendants, in bytes:
// anonymous and shared pages, each counted once, and what gVisor's kernel holds
// for the programs inside. The tree of a sandbox is its launcher's PID
// namespace, but that can't be listed from outside.
func treeMemory(root int) (int64, error) {
	children, err := processTree()
	if err != nil {
		return 0, err
	}
	var sum pages
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		pid := queue[0]
		queue = append(queue, children[pid]...)
		p, err := processMemory(pid)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it ended meanwhile
		}
		if err != nil {
			return 0, err
		}
		sum.anonymous += p.anonymous
		sum.shared += p.shared
		sum.held += p.held
	}
	if sum.held > 0 {
		// The shared pages are those of gVisor's memory file.
		return sum.anonymous + sum.held, nil
	}
	return sum.anonymous + sum.shared, nil
}

// pages is what a process uses, in bytes; pages of several processes are
// divided among them.
type pages struct{ anonymous, shared, held int64 }

// processTree maps every process to its children.
func processTree() (map[int][]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(string(fields[1])); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	return children, nil
}

func processMemory(pid int) (p pages, err error) {
	dir := "/proc/" + strconv.Itoa(pid)
	if p.held, err = heldMemory(dir); err != nil {
		return pages{}, err
	}
	f, err := os.Open(dir + "/smaps_rollup")
	if err != nil {
		return pages{}, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if name != "Pss_Anon" && name != "Pss_Shmem" {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 10, 64)
		if err != nil {
			return pages{}, fmt.Errorf("%s/smaps_rollup: %w", dir, err)
		}
		if name == "Pss_Anon" {
			p.anonymous += kib << 10
		} else {
			p.shared += kib << 10
		}
	}
	return p, lines.Err()
}

// sentryMemory is the name of the file in which gVisor's kernel keeps the
// memory of the programs inside.
const sentryMemory = "/memfd:runsc-memory"

// heldMemory is what a process holds in gVisor's memory file.
func heldMemory(dir string) (int64, error) {
	comm, err := os.ReadFile(dir + "/cmdline")
	if err != nil || !strings.HasPrefix(string(comm), "runsc-sandbox") {
		return 0, err
	}
	links, err := filepath.Glob(dir + "/fd/*")
	if err != nil {
		return 0, err
	}
	for _, link := range links {
		name, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(name, sentryMemory) {
			continue
		}
		info, err := os.Stat(link)
		if err != nil {
			return 0, err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			return st.Blocks * 512, nil
		}
	}
	return 0, nil
}
