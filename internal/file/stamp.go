package file

import (
	"io/fs"
	"syscall"
	"time"
)

// Stamp identifies the state of a file on disk. Two equal stamps mean that the
// file hasn't changed, unless Racy is set: then it was written so shortly
// before it was read that a later write may have left the same stamp.
type Stamp struct {
	Size  int64  `json:"size"`
	Mtime int64  `json:"mtime"` // nanoseconds since 1970
	Ctime int64  `json:"ctime"` // nanoseconds since 1970
	Inode uint64 `json:"inode"`
	Racy  bool   `json:"racy,omitempty"`
}

// racy is how long before it was read a file must have been written for its
// stamp to be trusted: file systems keep times in ticks of up to 10 ms, so that
// two writes in one tick may leave the same times.
const racy = 25 * time.Millisecond

// ReadAt is the stamp as it is kept of a file that was read at a time.
func (s Stamp) ReadAt(now time.Time) Stamp {
	s.Racy = now.UnixNano()-max(s.Mtime, s.Ctime) < racy.Nanoseconds()
	return s
}

// StampOf is the stamp of what info says.
func StampOf(info fs.FileInfo) Stamp {
	s := Stamp{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Inode, s.Ctime = st.Ino, changed(st) // who owns the file can set the mtime at will, but not the ctime
	}
	return s
}
