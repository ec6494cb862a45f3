//go:build linux

package box

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// unnamed is what a process and all its descendants hold open of files that
// have no name any more, in bytes allocated on the file system of dir, or on
// another that isn't memory: some show files under a number of their own. Such
// files take room that no walk sees.
func unnamed(root int, dir string) (int64, error) {
	var top unix.Stat_t
	if err := unix.Stat(dir, &top); err != nil {
		return 0, &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	children, err := processTree()
	if err != nil {
		return 0, err
	}
	type inode struct{ dev, ino uint64 }
	seen := map[inode]bool{}
	var total int64
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		queue = append(queue, children[queue[0]]...)
		fds := filepath.Join("/proc", strconv.Itoa(queue[0]), "fd")
		entries, err := os.ReadDir(fds)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EACCES) {
			continue // it has ended, or is about to: its files are root's then
		}
		if err != nil {
			return 0, err
		}
		for _, e := range entries {
			var st unix.Stat_t
			file := filepath.Join(fds, e.Name())
			if unix.Stat(file, &st) != nil {
				continue // it was closed meanwhile
			}
			id := inode{st.Dev, st.Ino}
			if st.Nlink > 0 || st.Mode&unix.S_IFMT != unix.S_IFREG || seen[id] || st.Dev != top.Dev && inMemory(file) {
				continue
			}
			seen[id] = true
			total += st.Blocks * 512
		}
	}
	return total, nil
}

// inMemory says whether a file takes memory, which is bounded by itself.
func inMemory(path string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(path, &fs) != nil || fs.Type == unix.TMPFS_MAGIC || fs.Type == unix.HUGETLBFS_MAGIC
}
