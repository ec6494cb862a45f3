//go:build !darwin

package file

import "syscall"

// changed is a file's ctime.
func changed(st *syscall.Stat_t) int64 { return st.Ctim.Nano() }
