//go:build linux

package box

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// stamp is a name for all that a checkpoint relies on beyond its own files: the
// programs of this version of the server, which run inside, the system's
// programs that may be running, and what is mounted. Restoring takes files for
// what they were; with others in their place processes would crash in strange
// ways.
func (p Plan) stamp() (string, error) {
	// Where it is, and what it is connected to, may change.
	p.ID, p.Run, p.Store, p.Gate, p.Checkpoint = "", "", "", "", ""
	p.Volumes = append([]Volume(nil), p.Volumes...)
	shown := append([]string(nil), p.Layers...)
	for i := range min(ownCount(p.Shelf), len(p.Volumes)) {
		p.Volumes[i].Source = ""
	}
	base := p.Rootfs
	if base == "" {
		base = "/"
	}
	for _, dir := range programDirs {
		more, err := filepath.Glob(filepath.Join(base, dir))
		if err != nil {
			return "", err
		}
		shown = append(shown, more...)
	}
	states := map[string]state{}
	for _, path := range shown {
		st, err := stateOf(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		states[path] = st
	}
	body, err := json.Marshal([]any{p, states})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// programDirs are where a system has its programs and libraries, and where
// package managers note what they did: a library may be deep below these.
// Files are replaced by renaming, which the directories' times tell.
var programDirs = []string{
	"usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "usr/lib/*-linux-*", "usr/local/bin", "usr/local/lib",
	"var/lib/dpkg", "var/lib/rpm", "usr/lib/sysimage/rpm", "lib/apk/db", "var/lib/pacman/local",
}

// state tells a directory from another in its place, and from itself before a
// change.
type state struct {
	Dev, Inode uint64
	Changed    int64 // nanoseconds
}

func stateOf(path string) (state, error) {
	info, err := os.Stat(path)
	if err != nil {
		return state{}, err
	}
	s := state{Changed: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Dev, s.Inode = uint64(st.Dev), st.Ino
	}
	return s, nil
}
