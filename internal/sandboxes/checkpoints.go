package sandboxes

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// checkpoints knows what suspended sandboxes there are and what they take. Its
// key is the session's directory.
type checkpoints struct {
	mu  sync.Mutex
	all map[string]kept
}

type kept struct {
	size int64
	made time.Time
}

// open looks for what an earlier process suspended, and removes what it had
// begun to make or use.
func (c *checkpoints) open(dir string) error {
	c.all = map[string]kept{}
	sessions, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, s := range sessions {
		session := filepath.Join(dir, s.Name())
		for _, name := range []string{suspending, resuming, dropped} {
			if err := os.RemoveAll(filepath.Join(session, name)); err != nil {
				return err
			}
		}
		k, err := measure(filepath.Join(session, suspended))
		if err == nil {
			c.all[session] = k
		} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return err
		}
	}
	return nil
}

// add counts a session's new checkpoint, and removes the oldest until all take
// limit bytes at most.
func (c *checkpoints) add(session string, limit int64) error {
	k, err := measure(filepath.Join(session, suspended))
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.all[session] = k
	var taken []string
	var failed []error
	for c.total() > limit {
		path, err := c.rename(c.oldest(), dropped)
		taken, failed = append(taken, path), append(failed, err)
	}
	c.mu.Unlock()
	for _, path := range taken {
		failed = append(failed, os.RemoveAll(path))
	}
	return errors.Join(failed...)
}

// take gives the session's checkpoint another name, which it returns, and
// forgets it. It is "" if there is none.
func (c *checkpoints) take(session string) (path string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rename(session, resuming)
}

// rename is take under any name. c is locked.
func (c *checkpoints) rename(session, name string) (string, error) {
	delete(c.all, session)
	path := filepath.Join(session, name)
	if err := os.RemoveAll(path); err != nil {
		return "", err
	}
	err := os.Rename(filepath.Join(session, suspended), path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return path, err
}

// forget stops counting what is removed with the session.
func (c *checkpoints) forget(session string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, session)
}

func (c *checkpoints) total() (sum int64) {
	for _, k := range c.all {
		sum += k.size
	}
	return sum
}

func (c *checkpoints) oldest() (session string) {
	for s, k := range c.all {
		if session == "" || k.made.Before(c.all[session].made) {
			session = s
		}
	}
	return session
}

// measure is what a suspended sandbox takes on disk, and when it was made.
func measure(dir string) (k kept, err error) {
	info, err := os.Stat(dir)
	if err != nil {
		return kept{}, err
	}
	k.made = info.ModTime()
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			k.size += st.Blocks * 512
		}
		return nil
	})
	return k, err
}
