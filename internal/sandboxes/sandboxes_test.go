package sandboxes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// driver is a driver of sandboxes that only count.
type driver struct {
	mu     sync.Mutex
	boxes  []*fake
	starts func() error
}

type fake struct {
	spec   hands.Spec
	done   chan struct{}
	once   sync.Once
	linked []hands.Link
	end    func() // of what it holds
}

func (d *driver) Name() string                        { return "fake" }
func (d *driver) Isolation() string                   { return "none" }
func (d *driver) Probe(context.Context, string) error { return nil }
func (d *driver) Sweep(context.Context) error         { return nil }

func (d *driver) Start(_ context.Context, spec hands.Spec) (hands.Sandbox, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.starts != nil {
		if err := d.starts(); err != nil {
			return nil, err
		}
	}
	for _, b := range d.boxes {
		select {
		case <-b.done:
		default:
			if b.spec.ID == spec.ID {
				return nil, errors.New("two sandboxes of one id")
			}
		}
	}
	f := &fake{spec: spec, done: make(chan struct{})}
	d.boxes = append(d.boxes, f)
	return f, nil
}

func (f *fake) Run(_ context.Context, c hands.Call) (hands.Result, error) {
	select {
	case <-f.done:
		return hands.Result{}, hands.ErrLost
	default:
		return hands.Result{Content: nil}, nil
	}
}
func (f *fake) Link(_ context.Context, l []hands.Link) error { f.linked = l; return nil }
func (f *fake) Done() <-chan struct{}                        { return f.done }
func (f *fake) Close(context.Context) error {
	f.once.Do(func() {
		if f.end != nil {
			f.end()
		}
		close(f.done)
	})
	return nil
}

func (d *driver) live() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range d.boxes {
		select {
		case <-b.done:
		default:
			n++
		}
	}
	return n
}

func newManager(t *testing.T, d *driver, change ...func(*Config)) *Manager {
	t.Helper()
	return newManagerOf(t, d, d, change...)
}

// newManagerOf is newManager of a driver that can more than d.
func newManagerOf(t *testing.T, more hands.Driver, d *driver, change ...func(*Config)) *Manager {
	t.Helper()
	g := gate.New(gate.Config{})
	sockets, err := os.MkdirTemp("", "o")
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Driver: more, Gate: g, Dir: t.TempDir(), SocketDir: sockets, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Policy:      func(context.Context, string) (policy.Policy, error) { return policy.Unrestricted(), nil },
		Materialize: func(context.Context, string, string) ([]hands.Link, error) { return nil, nil },
		Publish:     func(context.Context, string, string) error { return nil }}
	for _, f := range change {
		f(&c)
	}
	m, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.Close()
		if d.live() != 0 {
			t.Error("sandboxes are left")
		}
		if err := errors.Join(g.Close(), os.RemoveAll(sockets)); err != nil {
			t.Error(err)
		}
	})
	return m
}

func TestOneSandboxPerSession(t *testing.T) {
	d := &driver{}
	m := newManager(t, d)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if _, err := m.Run(t.Context(), fmt.Sprint("sesn_", i%4), hands.Call{Tool: "read"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(d.boxes) != 4 {
		t.Errorf("%d sandboxes for 4 sessions", len(d.boxes))
	}
	if id := d.boxes[0].spec.ID; len(id) != 28 || strings.ToLower(id) != id {
		t.Errorf("sandbox id %q", id)
	}
}

func TestALostSandboxIsMadeAgainAndSaysSo(t *testing.T) {
	d := &driver{}
	m := newManager(t, d)
	run := func() (hands.Result, error) { return m.Run(t.Context(), "s", hands.Call{Tool: "bash"}) }
	if r, err := run(); err != nil || len(r.Content) != 0 {
		t.Fatalf("first call: %v, %v", r, err)
	}
	d.boxes[0].Close(t.Context())
	if r, err := run(); err != nil || len(r.Content) != 1 || !strings.Contains(string(r.Content[0]), "started anew") {
		t.Fatalf("call after the loss: %s, %v", r.Content, err)
	}
	if r, err := run(); err != nil || len(r.Content) != 0 {
		t.Fatalf("next call: %v, %v", r, err)
	}
}

func TestAFailedStartLeavesNothing(t *testing.T) {
	d := &driver{starts: func() error { return errors.New("no") }}
	m := newManager(t, d)
	if _, err := m.Run(t.Context(), "s", hands.Call{}); err == nil {
		t.Fatal("no error")
	}
	if left, err := os.ReadDir(m.SocketDir); err != nil || len(left) != 0 {
		t.Errorf("sockets left: %v, %v", left, err)
	}
	d.starts = nil
	if r, err := m.Run(t.Context(), "s", hands.Call{}); err != nil || len(r.Content) != 0 {
		t.Errorf("second try: %v, %v", r, err)
	}
}

func TestIdleSandboxesAreStopped(t *testing.T) {
	d := &driver{}
	m := newManager(t, d, func(c *Config) { c.Idle = time.Millisecond })
	if _, err := m.Run(t.Context(), "s", hands.Call{}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-d.boxes[0].done:
	case <-time.After(30 * time.Second):
		t.Fatal("it lives on")
	}
}

func TestMakingRoomStopsTheLongestIdle(t *testing.T) {
	d := &driver{}
	m := newManager(t, d, func(c *Config) { c.MaxLive = 2 })
	for _, s := range []string{"a", "b", "c"} {
		if _, err := m.Run(t.Context(), s, hands.Call{}); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-d.boxes[0].done:
	default:
		t.Error("the first sandbox lives on")
	}
	if d.live() != 2 {
		t.Errorf("%d live", d.live())
	}
}

func TestRemove(t *testing.T) {
	d := &driver{}
	m := newManager(t, d)
	if _, err := m.Run(t.Context(), "s", hands.Call{}); err != nil {
		t.Fatal(err)
	}
	dir := m.dirOf("s")
	if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
		t.Fatal(err)
	}
	m.Remove("s")
	m.Close() // waits for the removal
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) || d.live() != 0 {
		t.Errorf("left: %v, %d live", err, d.live())
	}
}

func TestRefreshAddsAndRemovesLinks(t *testing.T) {
	d := &driver{}
	links := []hands.Link{{Path: "/a", Target: "/x"}}
	m := newManager(t, d, func(c *Config) {
		c.Materialize = func(context.Context, string, string) ([]hands.Link, error) { return links, nil }
	})
	if _, err := m.Run(t.Context(), "s", hands.Call{}); err != nil {
		t.Fatal(err)
	}
	links = []hands.Link{{Path: "/b", Target: "/y"}}
	if err := m.Refresh(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(d.boxes[0].linked); got != "[{/b /y} {/a }]" {
		t.Errorf("linked %s", got)
	}
}
