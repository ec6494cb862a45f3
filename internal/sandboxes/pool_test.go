package sandboxes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// adopter is a driver whose sandboxes have an interface and can be adopted.
type adopter struct {
	suspender
	moves, adopts func() error
	bare          bool // it has no shelves

	adopted []hands.Spec
	started chan string // directories, if it isn't nil
}

func (d *adopter) Transparent() error { return nil }

func (d *adopter) Start(ctx context.Context, spec hands.Spec) (hands.Sandbox, error) {
	s, err := d.driver.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	end, err := spec.Network(os.NewFile(uintptr(fds[0]), "packets"))
	if err != nil {
		return nil, errors.Join(err, unix.Close(fds[1]))
	}
	s.(*fake).end = func() { _ = errors.Join(end.Close(), unix.Close(fds[1])) }
	if d.started != nil {
		d.started <- spec.Dir
	}
	return s, nil
}

func (d *adopter) Shelves() bool { return !d.bare }

func (d *adopter) Move(_ hands.Sandbox, dir string) error {
	if d.moves != nil {
		if err := d.moves(); err != nil {
			return err
		}
	}
	return os.Mkdir(filepath.Join(dir, "workspace"), 0o755)
}

func (d *adopter) Adopt(_ context.Context, s hands.Sandbox, spec hands.Spec) error {
	if d.adopts != nil {
		if err := d.adopts(); err != nil {
			return err
		}
	}
	d.adopted = append(d.adopted, spec)
	return nil
}

// newPool is a manager with n spare sandboxes and nobody who adds some.
func newPool(t *testing.T, d *adopter, n int, change ...func(*Config)) *Manager {
	t.Helper()
	m := newSuspender(t, &d.suspender, append([]func(*Config){func(c *Config) { c.Driver = d }}, change...)...)
	m.pool.driver = d
	for range n {
		if err := m.pool.add(); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestASpareSandboxIsGivenOnce(t *testing.T) {
	d := &adopter{}
	credentials := func(context.Context, string) ([]Credential, error) {
		return []Credential{{ID: "vcrd_1", Variable: "KEY"}}, nil
	}
	materialized := ""
	m := newPool(t, d, 1, func(c *Config) {
		c.Credentials = credentials
		c.Materialize = func(_ context.Context, _, dir string) ([]hands.Link, error) {
			if _, err := os.Stat(filepath.Join(dir, "workspace")); err == nil {
				materialized = dir
			}
			return []hands.Link{{Path: "/a", Target: "/x"}}, nil
		}
	})
	for _, s := range []string{"a", "b", "a"} {
		if callOf(t, m, s) {
			t.Errorf("%s hears of a restart", s)
		}
	}
	if len(d.boxes) != 2 || len(d.adopted) != 1 || d.adopted[0].Dir != m.dirOf("a") || materialized != m.dirOf("a") {
		t.Fatalf("%d sandboxes, adopted %+v, files in %s", len(d.boxes), d.adopted, materialized)
	}
	spec := d.adopted[0]
	if string(spec.TrustedCA) != string(d.boxes[0].spec.TrustedCA) || spec.Env["KEY"] == "" || len(d.boxes[0].spec.Env) != 0 {
		t.Errorf("adopted as %+v", spec)
	}
	if got := fmt.Sprint(spec.Links); got != "[{/a /x}]" {
		t.Errorf("links %s", got)
	}
	if left := names(t, filepath.Join(m.Dir, poolDir)); len(left) > 0 {
		t.Errorf("left in the pool: %v", left)
	}
	putAll(m)
	if callOf(t, m, "a") || string(d.resumed[0].TrustedCA) != string(spec.TrustedCA) {
		t.Error("resumed with another CA, or not at all")
	}
}

// A spare sandbox is shown what its session has, where its files are by then,
// and goes on with it.
func TestASpareSandboxIsShownMounts(t *testing.T) {
	d := &adopter{}
	var asked []string
	m := newPool(t, d, 1, func(c *Config) {
		c.Mounts = func(_ context.Context, session, dir string) ([]hands.Mount, error) {
			_, err := os.Stat(filepath.Join(dir, "workspace"))
			asked = append(asked, fmt.Sprint(session, " ", err))
			return []hands.Mount{{Path: "/mnt/x", Source: hands.Shelf(dir, false) + "/x"}}, nil
		}
	})
	callOf(t, m, "s")
	if spare := d.boxes[0].spec; !spare.Shelf || len(spare.Mounts) > 0 || len(d.adopted) != 1 {
		t.Fatalf("a spare of %+v, adopted %v", spare, d.adopted)
	}
	if got := fmt.Sprint(asked); got != "[s <nil>]" {
		t.Errorf("asked for mounts: %s", got)
	}
	putAll(m)
	if callOf(t, m, "s") || len(d.resumed) != 1 {
		t.Fatal("not resumed")
	}
	for _, spec := range []hands.Spec{d.adopted[0], d.resumed[0]} {
		if want := (hands.Mount{Path: "/mnt/x", Source: hands.Shelf(m.dirOf("s"), false) + "/x"}); !spec.Shelf || len(spec.Mounts) != 1 || spec.Mounts[0] != want {
			t.Errorf("shown %+v", spec.Mounts)
		}
	}
	d.resumes = func() error { return hands.ErrNoCheckpoint }
	putAll(m)
	if !callOf(t, m, "s") || d.boxes[len(d.boxes)-1].spec.Shelf {
		t.Error("one of its own has a shelf")
	}
}

// Sessions for which a spare sandbox isn't right get one of their own.
func TestNotFromThePool(t *testing.T) {
	layered := func(c *Config) {
		c.Software = func(context.Context, string, string) (Software, error) {
			return Software{Layers: []hands.Layer{{Tree: "/l", Path: "/opt/l"}}, Release: func() {}}, nil
		}
	}
	for name, c := range map[string]struct {
		change func(*Config)
		before func(t *testing.T, d *adopter, m *Manager)
		left   int // spare sandboxes afterwards
		told   bool
	}{
		"with layers": {change: layered, left: 1},
		"no shelf": {left: 1, before: func(_ *testing.T, d *adopter, m *Manager) {
			d.bare = true
			m.Mounts = func(context.Context, string, string) ([]hands.Mount, error) {
				return []hands.Mount{{Path: "/mnt/x", Source: "/x", ReadOnly: true}}, nil
			}
		}},
		"lost before": {left: 1, told: true, before: func(t *testing.T, d *adopter, m *Manager) {
			had := m.pool.take()
			callOf(t, m, "s")
			m.pool.ready = append(m.pool.ready, had)
			d.boxes[1].Close(t.Context())
		}},
		"spare is dead":    {before: func(t *testing.T, d *adopter, _ *Manager) { d.boxes[0].Close(t.Context()) }},
		"spare is old":     {before: func(_ *testing.T, _ *adopter, m *Manager) { m.pool.ready[0].made = m.pool.ready[0].made.Add(-maxSpare) }},
		"can't be adopted": {before: func(_ *testing.T, d *adopter, _ *Manager) { d.adopts = func() error { return errors.New("no") } }},
		"can't be moved":   {before: func(_ *testing.T, d *adopter, _ *Manager) { d.moves = func() error { return errors.New("no") } }},
	} {
		t.Run(name, func(t *testing.T) {
			d := &adopter{}
			change := c.change
			if change == nil {
				change = func(*Config) {}
			}
			m := newPool(t, d, 1, change)
			if c.before != nil {
				c.before(t, d, m)
			}
			if callOf(t, m, "s") != c.told || len(d.adopted) > 0 {
				t.Errorf("adopted %v, or the agent is told what it shouldn't be", d.adopted)
			}
			if len(m.pool.ready) != c.left || d.live() != 1+c.left {
				t.Errorf("%d spare, %d live", len(m.pool.ready), d.live())
			}
		})
	}
}

func TestThePoolIsKeptFull(t *testing.T) {
	d := &adopter{started: make(chan string, 10)}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, poolDir, "sbx_old", "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	m := newSuspender(t, &d.suspender, func(c *Config) { c.Driver, c.WarmPool, c.Dir = d, 2, dir })
	first, second := <-d.started, <-d.started
	if !strings.HasPrefix(first, filepath.Join(dir, poolDir)) || first == second {
		t.Errorf("started in %s and %s", first, second)
	}
	if _, err := os.Stat(filepath.Join(dir, poolDir, "sbx_old")); !errors.Is(err, os.ErrNotExist) {
		t.Error("what an earlier pool left is there")
	}
	callOf(t, m, "s")
	for third := <-d.started; !strings.HasPrefix(third, filepath.Join(dir, poolDir)); third = <-d.started {
		t.Logf("the pool was not full yet: %s", third)
	}
	m.Close()
	if left := names(t, filepath.Join(dir, poolDir)); len(left) > 0 || d.live() != 0 {
		t.Errorf("left: %v, %d live", left, d.live())
	}
}

// A driver whose sandboxes have a socket, or can't be adopted, keeps none.
func TestNoPool(t *testing.T) {
	m := newManager(t, &driver{}, func(c *Config) { c.WarmPool = 2 })
	if m.pool.driver != nil || callOf(t, m, "s") {
		t.Error("there is a pool")
	}
}
