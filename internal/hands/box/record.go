//go:build linux

package box

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// record is the note of one live sandbox, kept in a file from its start to its
// end.
type record struct {
	path string

	Pid   int    `json:"pid"`   // of the launcher
	Since string `json:"since"` // its start time, so that a reused pid isn't taken for it
	Run   string `json:"run"`   // directory to remove
	ID    string `json:"id"`
}

// reserve makes the record of a sandbox that is about to start. It fails if
// there is one.
func reserve(stateDir, id, run string) (record, error) {
	r := record{path: filepath.Join(liveDir(stateDir), id+".json"), Run: run, ID: id}
	if err := os.MkdirAll(liveDir(stateDir), 0o700); err != nil {
		return record{}, err
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return record{}, fmt.Errorf("there is a live sandbox %s already", id)
	}
	if err != nil {
		return record{}, err
	}
	return r, f.Close()
}

// started adds the launcher to the record.
func (r *record) started(pid int) error {
	since, err := startTime(pid)
	if err != nil {
		return err
	}
	r.Pid, r.Since = pid, since
	return r.write()
}

// write is seen by others whole or not at all.
func (r *record) write() error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	tmp := strings.TrimSuffix(r.path, ".json") + ".new"
	if err := os.WriteFile(tmp, body, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, r.path)
}

func liveDir(stateDir string) string { return filepath.Join(stateDir, "live") }

// remove forgets the sandbox and what it had below its directory's run/. If
// that can't be removed the record stays for Sweep.
func (r record) remove() {
	if err := hands.RemoveAll(r.Run); err != nil {
		return
	}
	_ = os.Remove(r.path)
}

// Sweep ends and removes what the records in the state directory name. It must
// run before the first Start and in one server at a time.
func Sweep(ctx context.Context, cfg Config) error {
	names, err := os.ReadDir(liveDir(cfg.StateDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var failed []error
	for _, name := range names {
		if err := sweepOne(ctx, cfg, filepath.Join(liveDir(cfg.StateDir), name.Name())); err != nil {
			failed = append(failed, fmt.Errorf("sweep %s: %w", strings.TrimSuffix(name.Name(), ".json"), err))
		}
	}
	return errors.Join(append(failed, SweepPrograms(cfg.Programs))...)
}

func sweepOne(ctx context.Context, cfg Config, path string) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var r record
	if err := json.Unmarshal(body, &r); err != nil || r.Run == "" {
		// The server died while it wrote this; the launcher hadn't been told
		// anything yet and is gone.
		return os.Remove(path)
	}
	if err := killAndWait(ctx, r.Pid, r.Since); err != nil {
		return err
	}
	if cfg.Cgroups != nil {
		if err := cfg.Cgroups.at(r.ID).remove(); err != nil {
			return err
		}
	}
	if err := hands.RemoveAll(r.Run); err != nil {
		return err
	}
	return os.Remove(path)
}

// killAndWait kills a process that isn't our child and waits for its end. A
// process that started at another time is another process.
func killAndWait(ctx context.Context, pid int, since string) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("pidfd of %d: %w", pid, err)
	}
	defer unix.Close(fd)
	// Read after the pidfd is open, which pins the pid.
	if now, err := startTime(pid); err != nil || now != since {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill %d: %w", pid, err)
	}
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 100)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		if n > 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("process %d does not end: %w", pid, err)
		}
	}
}

// startTime is a process's start in clock ticks since the machine's.
func startTime(pid int) (string, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	// Field 22; the second is "(name)" and may hold blanks.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return "", fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	return string(fields[19]), nil
}
