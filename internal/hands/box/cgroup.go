//go:build linux

package box

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Cgroups is a place in the control group hierarchies where sandboxes get their
// limits from the kernel. Both versions are handled.
type Cgroups struct {
	unified bool
	roots   map[string]string // controller to directory; one entry "" if unified
}

// cgroup is the group of one sandbox.
type cgroup struct{ dirs []string }

// FindCgroups makes the group "name" in the hierarchies of the memory and pids
// controllers, or says why this process can't.
func FindCgroups(name string) (*Cgroups, error) { return findCgroups("/sys/fs/cgroup", name) }

func findCgroups(mount, name string) (*Cgroups, error) {
	if _, err := os.Stat(mount + "/cgroup.controllers"); err == nil {
		c := &Cgroups{unified: true, roots: map[string]string{"": filepath.Join(mount, name)}}
		if err := os.MkdirAll(c.roots[""], 0o755); err != nil {
			return nil, err
		}
		for _, dir := range []string{mount, c.roots[""]} {
			if err := write(dir, "cgroup.subtree_control", "+memory +pids"); err != nil {
				return nil, err
			}
		}
		return c, nil
	}
	c := &Cgroups{roots: map[string]string{}}
	for _, controller := range []string{"memory", "pids"} {
		if _, err := os.Stat(filepath.Join(mount, controller, "cgroup.procs")); err != nil {
			return nil, fmt.Errorf("no %s controller: %w", controller, err)
		}
		c.roots[controller] = filepath.Join(mount, controller, name)
		if err := os.MkdirAll(c.roots[controller], 0o755); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// at is the group of a sandbox, which may not exist.
func (c *Cgroups) at(id string) *cgroup {
	g := &cgroup{}
	for _, root := range c.roots {
		g.dirs = append(g.dirs, filepath.Join(root, id))
	}
	return g
}

// hostTasks is how many threads of the host a sandbox may have for a limit of
// processes inside: gVisor keeps a thread for each task and a few of its own.
func hostTasks(processes int) int { return 4*processes + 512 }

// hostMemory is what a sandbox may use beyond the limit of what runs inside,
// for gVisor's kernel and the guest, in bytes.
const hostMemory = 128 << 20

// add makes the group of a sandbox and moves its launcher there.
func (c *Cgroups) add(p Plan, pid int) (*cgroup, error) {
	g := c.at(p.ID)
	memory := strconv.FormatInt(p.Memory+p.Memory/8+hostMemory, 10)
	tasks := strconv.Itoa(hostTasks(p.Processes))
	for controller, root := range c.roots {
		dir := filepath.Join(root, p.ID)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return g, err
		}
		var settings [][2]string
		switch controller {
		case "":
			settings = [][2]string{{"memory.max", memory}, {"memory.swap.max?", "0"}, {"memory.oom.group?", "1"}, {"pids.max", tasks}}
		case "memory":
			settings = [][2]string{{"memory.limit_in_bytes", memory}, {"memory.memsw.limit_in_bytes?", memory}}
		case "pids":
			settings = [][2]string{{"pids.max", tasks}}
		}
		for _, s := range append(settings, [2]string{"cgroup.procs", strconv.Itoa(pid)}) {
			file, optional := strings.CutSuffix(s[0], "?")
			err := write(dir, file, s[1])
			if optional && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)) {
				continue // kernels without swap accounting
			}
			if err != nil {
				return g, err
			}
		}
	}
	return g, nil
}

// memory is what the processes of the group use, without the cache of files,
// in bytes.
func (g *cgroup) memory() (int64, error) {
	for _, dir := range g.dirs {
		stat, err := os.ReadFile(filepath.Join(dir, "memory.stat"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the pids hierarchy, or the group was just removed
		}
		if err != nil {
			return 0, err
		}
		var total int64
		for line := range strings.Lines(string(stat)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch name {
			case "anon", "rss", "shmem": // version 2 says anon, version 1 rss
				n, err := strconv.ParseInt(value, 10, 64)
				if err != nil {
					return 0, fmt.Errorf("%s/memory.stat: %w", dir, err)
				}
				total += n
			}
		}
		return total, nil
	}
	return 0, nil
}

// remove removes the group of a sandbox whose processes are dead.
func (g *cgroup) remove() error {
	for _, dir := range g.dirs {
		for try := 0; ; try++ {
			err := unix.Rmdir(dir)
			if err == nil || errors.Is(err, unix.ENOENT) {
				break
			}
			// A dead process leaves its group a moment after it was waited for.
			if !errors.Is(err, unix.EBUSY) || try == 1000 {
				return fmt.Errorf("remove %s: %w", dir, err)
			}
			unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
		}
	}
	return nil
}

func write(dir, file, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}
