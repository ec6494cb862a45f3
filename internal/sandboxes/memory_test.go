package sandboxes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

// diary is a Memory that writes down what is asked of it.
type diary struct {
	mu    sync.Mutex
	said  []string
	notes []string
}

func (d *diary) add(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.said = append(d.said, what)
}

func (d *diary) Sync(context.Context, string) error    { d.add("sync"); return errors.New("only logged") }
func (d *diary) CatchUp(context.Context, string) error { return errors.New("only logged") }
func (d *diary) Leave(context.Context, string) error {
	d.add("leave")
	return errors.New("only logged")
}
func (d *diary) Notes(string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() { d.notes = nil }()
	return d.notes
}

// take is what was said since it was last asked.
func (d *diary) take() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() { d.said = nil }()
	return strings.Join(d.said, " ")
}

func TestMemoriesAreKeptInStep(t *testing.T) {
	d, memory := &driver{}, &diary{}
	var fail error
	m := newManager(t, d, func(c *Config) {
		c.Memory = memory
		c.Mounts = func(_ context.Context, session, dir string) ([]hands.Mount, error) {
			memory.add("mounts")
			return []hands.Mount{{Path: "/mnt/memory/" + session, Source: dir}}, fail
		}
	})
	bash(t, m, 1)
	if got := memory.take(); got != "mounts sync" {
		t.Errorf("first call: %s", got)
	}
	if got := d.boxes[0].spec.Mounts; len(got) != 1 || got[0].Path != "/mnt/memory/s" || got[0].Source != m.dirOf("s") {
		t.Errorf("mounts %v", got)
	}
	memory.notes = []string{`a "b" was not saved`}
	if text, _ := bash(t, m, 1); text != `{"type":"text","text":"[Memory: a \"b\" was not saved]"}` || memory.take() != "sync" {
		t.Errorf("second call: %s", text)
	}
	if text, _ := bash(t, m, 1); text != "" {
		t.Errorf("third call: %s", text)
	}
	memory.take()
	if err := m.Settle(t.Context(), "s"); err != nil || memory.take() != "sync" {
		t.Errorf("settle: %v", err)
	}
	// A sandbox that died is left before another is made.
	d.boxes[0].Close(t.Context())
	bash(t, m, 1)
	if got := memory.take(); got != "leave mounts sync" {
		t.Errorf("after a loss: %s", got)
	}
	// One that can't be made is left too.
	d.boxes[1].Close(t.Context())
	d.starts = func() error { return errors.New("no") }
	if _, err := m.Run(t.Context(), "s", hands.Call{}); err == nil || memory.take() != "leave mounts leave" {
		t.Errorf("a failed start: %v", err)
	}
	d.starts, fail = nil, errors.New("no database")
	if _, err := m.Run(t.Context(), "s", hands.Call{}); !errors.Is(err, fail) || memory.take() != "mounts leave" {
		t.Errorf("failed mounts: %v", err)
	}
	fail = nil
	bash(t, m, 1)
	memory.take()
	m.Remove("s")
	m.Close()
	if got := memory.take(); got != "leave" {
		t.Errorf("at the end: %s", got)
	}
}

// Calls of several sessions may come side by side.
func TestMemoriesSideBySide(t *testing.T) {
	memory := &diary{}
	m := newManager(t, &driver{}, func(c *Config) { c.Memory = memory })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := m.Run(t.Context(), fmt.Sprint(i%2), hands.Call{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := strings.Fields(memory.take()); len(got) != 8 || slices.Contains(got, "leave") {
		t.Errorf("%q", got)
	}
}
