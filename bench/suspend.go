package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/server"
)

// suspended is what many sessions with suspended sandboxes cost, and the turn
// that goes on with one.
func suspended(ctx context.Context) (err error) {
	const sessions, resumed = 200, 20
	r, err := newRigWith(ctx, func(c *server.Config) { c.SuspendAfter = 50 * time.Millisecond }, 0,
		modeltest.ToolUse("bash", map[string]any{"command": "pgrep sleep || sleep 1000 & true"}), modeltest.Text("Done."))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	var ids []string
	var memory int64
	for i := range sessions + 1 {
		id, err := r.session(ctx)
		if err != nil {
			return err
		}
		if _, err := r.oneTurn(ctx, id); err != nil {
			return err
		}
		ids = append(ids, id)
		if err := r.allSuspended(ctx, len(ids)); err != nil {
			return err
		}
		if i == 0 { // what the first of all brings with it doesn't count
			memory = resident()
		}
	}
	used := resident() - memory
	left, err := descendants()
	if err != nil {
		return err
	}
	disk, err := sizeBelow(filepath.Join(r.dir, "sandboxes", "*", "suspended", "checkpoint", "*"))
	if err != nil {
		return err
	}
	fmt.Printf("%-34s RSS %.0f KiB for each, %d processes; %.1f MiB of disk for each\n", fmt.Sprint(sessions, " suspended sessions"),
		float64(used)/1024/sessions, left, float64(disk)/(1<<20)/(sessions+1))
	var times []time.Duration
	for _, id := range ids[:resumed] {
		d, err := r.oneTurn(ctx, id)
		if err != nil {
			return err
		}
		times = append(times, d)
		if err := r.allSuspended(ctx, len(ids)); err != nil {
			return err
		}
	}
	spread("turn with bash, resumes its sandbox", times)
	return nil
}

// oneTurn is a turn of a session that is at rest.
func (r *rig) oneTurn(ctx context.Context, id string) (time.Duration, error) {
	s, err := r.stream(ctx, id)
	if err != nil {
		return 0, err
	}
	defer s.body.Close()
	return r.turn(ctx, id, s)
}

// allSuspended waits until so many sandboxes are suspended.
func (r *rig) allSuspended(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		found, err := filepath.Glob(filepath.Join(r.dir, "sandboxes", "*", "suspended"))
		if err != nil || len(found) == n {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d sandboxes are suspended: %w", len(found), n, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// resident is this process's resident memory in bytes, without what the
// runtime could give back.
func resident() int64 {
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	return number(strings.Fields(string(b)), 1) * int64(os.Getpagesize())
}

// descendants is how many processes this one has below it.
func descendants() (n int, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	parents := map[int64]int64{}
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		pid, err := strconv.ParseInt(filepath.Base(filepath.Dir(path)), 10, 64)
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		parents[pid] = number(strings.Fields(rest), 1)
	}
	self := int64(os.Getpid())
	for pid := range parents {
		for at := parents[pid]; at > 1; at = parents[at] {
			if at == self {
				n++
				break
			}
		}
	}
	return n, nil
}

func sizeBelow(pattern string) (total int64, err error) {
	files, err := filepath.Glob(pattern)
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return 0, err
		}
		total += info.Size()
	}
	return total, err
}
