package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// dataDir is the server's directory, locked against a second process.
type dataDir struct {
	path string
	lock *os.File
}

// openDataDir makes the directory if need be, with mode 0700, and locks it.
func openDataDir(path string) (*dataDir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s is in use by another server", path)
		}
		return nil, fmt.Errorf("lock data directory %s: %w", path, err)
	}
	return &dataDir{path: path, lock: lock}, nil
}

func (d *dataDir) file(name ...string) string {
	return filepath.Join(append([]string{d.path}, name...)...)
}

func (d *dataDir) close() error { return d.lock.Close() }

// adminKey reads the admin key from its file, which is made at the first
// start. fixed, if not empty, is used instead.
func (d *dataDir) adminKey(fixed string) (key, file string, err error) {
	if fixed != "" {
		return fixed, "", nil
	}
	file = d.file("api_key")
	b, err := os.ReadFile(file)
	if err == nil {
		if key = strings.TrimSpace(string(b)); key == "" {
			return "", "", fmt.Errorf("key file %s is empty", file)
		}
		return key, file, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", "", err
	}
	key = "ostler-" + rand.Text() + rand.Text()
	return key, file, os.WriteFile(file, []byte(key+"\n"), 0o600)
}

// socketDir makes an empty directory for the gate's sockets, and removes the
// one that a process which was killed left behind. Unix socket paths are
// short, data directories needn't be.
func (d *dataDir) socketDir() (string, error) {
	note := d.file("sockets")
	if old, err := os.ReadFile(note); err == nil && strings.HasPrefix(filepath.Base(string(old)), socketPrefix) {
		if err := os.RemoveAll(string(old)); err != nil {
			return "", err
		}
	}
	dir, err := os.MkdirTemp("", socketPrefix)
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", err
	}
	return dir, os.WriteFile(note, []byte(dir), 0o600)
}

const socketPrefix = "ostler-gate-"
