package box

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// disk bounds the bytes allocated below a sandbox's directory. (What is written
// outside the volumes may have a bound of its own in the file system inside.)
// Everything inside is stopped when they are too many. From then on files can
// be deleted but not grow, until enough is free.
type disk struct {
	*meter
	used  func() (int64, error) // bytes allocated
	limit int64
	held  func(dir string) (int64, error) // bytes that are below dir no more; may be nil

	mu   sync.Mutex
	dir  string
	full int64 // what was used when it was last stopped for that, 0 if there is room
}

func newDisk(box watched, dir string, limit int64) *disk {
	d := &disk{dir: dir, limit: limit}
	d.used = d.usage
	d.meter = newMeter(box, func() (int64, error) { return d.used() }, d.see)
	return d
}

// usage is what is below the directory, even if that is moved meanwhile.
func (d *disk) usage() (int64, error) {
	for {
		dir := d.place()
		used, err := diskUsage(dir)
		if err == nil && d.held != nil {
			var more int64
			more, err = d.held(dir)
			used += more
		}
		if err == nil || dir == d.place() {
			return used, err
		}
	}
}

func (d *disk) place() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dir
}

// move says that what is bounded is below another directory now.
func (d *disk) move(dir string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dir = dir
}

func (d *disk) see(used int64) {
	d.mu.Lock()
	// Files that may not grow still leave directories, which take room too.
	stop := used > d.limit && (d.full == 0 || used > d.full+d.full/8)
	switch {
	case used <= d.limit:
		d.full = 0
	case stop:
		d.full = used
	}
	d.mu.Unlock()
	if stop {
		d.box.stopAll("stopped: " + d.advice(used))
	}
}

// room says whether files may grow; if not, advice is for the agent.
func (d *disk) room() (ok bool, advice string, err error) {
	d.mu.Lock()
	full := d.full > 0
	d.mu.Unlock()
	if !full {
		return true, "", nil
	}
	used, err := d.used()
	if err != nil {
		return false, "", err
	}
	d.see(used)
	return used <= d.limit, d.advice(used), nil
}

func (d *disk) advice(used int64) string {
	return fmt.Sprintf("the sandbox uses %d bytes of disk, its limit is %d. Delete files to go on; until then no file can grow.", used, d.limit)
}

// diskUsage is what is allocated below dir, in bytes. Files that vanish
// meanwhile don't matter; a file with several names counts once.
func diskUsage(dir string) (int64, error) {
	type inode struct{ dev, ino uint64 }
	seen := map[inode]bool{}
	var total int64
	err := walk(dir, func(_ int, _ string, st *unix.Stat_t) error {
		if st.Nlink > 1 && st.Mode&unix.S_IFMT != unix.S_IFDIR {
			key := inode{uint64(st.Dev), st.Ino}
			if seen[key] {
				return nil
			}
			seen[key] = true
		}
		total += st.Blocks * 512
		return nil
	})
	return total, err
}
