package file

import (
	"io/fs"
	"syscall"
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

// StampOf is the stamp of what info says.
func StampOf(info fs.FileInfo) Stamp {
	s := Stamp{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Inode, s.Ctime = st.Ino, changed(st) // who owns the file can set the mtime at will, but not the ctime
	}
	return s
}
