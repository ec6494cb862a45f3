package memorysync

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// watches hears of changes in directories. (Libraries watch by path, which the
// agent could lead elsewhere; this goes by open directories.)
type watches struct {
	inotify *os.File
	done    chan struct{}

	mu    sync.Mutex
	dirs  map[int32]*mount // by watch descriptor
	count map[*mount]int
}

func newWatches() (*watches, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w", err)
	}
	w := &watches{inotify: os.NewFile(uintptr(fd), "inotify"), done: make(chan struct{}), dirs: map[int32]*mount{}, count: map[*mount]int{}}
	go w.read()
	return w, nil
}

func (w *watches) close() error {
	err := w.inotify.Close()
	<-w.done
	return err
}

const watched = unix.IN_MODIFY | unix.IN_CLOSE_WRITE | unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_ONLYDIR

// maxWatches bounds the directories of one mount that are watched.
const maxWatches = 256

// add watches an open directory for a mount. It answers false if that can't
// be had.
func (w *watches) add(m *mount, dir *os.File) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	wd := int32(-1)
	err := control(w.inotify, func(fd int) error {
		got, err := unix.InotifyAddWatch(fd, fmt.Sprintf("/proc/self/fd/%d", dir.Fd()), watched)
		wd = int32(got)
		return err
	})
	if err != nil {
		return false
	}
	switch {
	case w.dirs[wd] != nil:
	case w.count[m] >= maxWatches:
		w.remove(wd)
		return false
	default:
		w.dirs[wd] = m
		w.count[m]++
	}
	return true
}

// remove ends a watch, which the kernel may have done already.
func (w *watches) remove(wd int32) {
	_ = control(w.inotify, func(fd int) error {
		_, err := unix.InotifyRmWatch(fd, uint32(wd))
		return err
	})
}

func control(f *os.File, fn func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = fn(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// forget ends a mount's watches.
func (w *watches) forget(m *mount) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for wd, owner := range w.dirs {
		if owner == m {
			w.remove(wd)
			delete(w.dirs, wd)
		}
	}
	delete(w.count, m)
}

// read stirs the mounts of changed directories until the watches are closed.
func (w *watches) read() {
	defer close(w.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := w.inotify.Read(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		for b := buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
			wd, mask := int32(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint32(b[4:])
			size := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(b[12:]))
			switch {
			case mask&unix.IN_Q_OVERFLOW != 0: // which they were is lost
				for _, m := range w.dirs {
					signal(m.stir)
				}
			case w.dirs[wd] == nil:
			case mask&unix.IN_IGNORED != 0: // the directory is gone
				w.count[w.dirs[wd]]--
				delete(w.dirs, wd)
			default:
				signal(w.dirs[wd].stir)
			}
			b = b[min(size, len(b)):]
		}
		w.mu.Unlock()
	}
}
