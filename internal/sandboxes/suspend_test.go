package sandboxes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/secret"
)

// suspender is a driver whose checkpoints hold the number of a sandbox.
type suspender struct {
	driver
	suspends, resumes func() error
	suspending        func(ctx context.Context) error
	resumed           []hands.Spec
}

func (d *suspender) Suspend(ctx context.Context, s hands.Sandbox, path string) error {
	defer s.Close(ctx)
	if d.suspends != nil {
		if err := d.suspends(); err != nil {
			return err
		}
	}
	if d.suspending != nil {
		if err := d.suspending(ctx); err != nil {
			return err
		}
	}
	return errors.Join(os.Mkdir(path, 0o700), os.WriteFile(filepath.Join(path, "image"), make([]byte, 64<<10), 0o600))
}

func (d *suspender) Resume(ctx context.Context, spec hands.Spec, path string) (hands.Sandbox, error) {
	if d.resumes != nil {
		if err := d.resumes(); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(filepath.Join(path, "image")); err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.resumed = append(d.resumed, spec)
	d.mu.Unlock()
	return d.Start(ctx, spec)
}

// newSuspender is a manager that suspends when it is told to. Those with the
// same keys and Dir are the same server's.
func newSuspender(t *testing.T, d *suspender, change ...func(*Config)) *Manager {
	t.Helper()
	keys, err := secret.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return newManagerOf(t, d, &d.driver, append([]func(*Config){func(c *Config) {
		c.SuspendAfter, c.Keys = time.Hour, keys
	}}, change...)...)
}

// call makes a call of a session and says whether it met a new sandbox.
func callOf(t *testing.T, m *Manager, session string) (fresh bool) {
	t.Helper()
	r, err := m.Run(t.Context(), session, hands.Call{Tool: "bash"})
	if err != nil {
		t.Fatal(err)
	}
	return len(r.Content) > 0 && strings.Contains(string(r.Content[len(r.Content)-1]), "started anew")
}

// putAll puts all idle sandboxes away.
func putAll(m *Manager) {
	for _, b := range m.idle() {
		m.retire(b)
	}
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestIdleSandboxesAreSuspended(t *testing.T) {
	d := &suspender{}
	m := newSuspender(t, d, func(c *Config) { c.SuspendAfter = time.Millisecond })
	callOf(t, m, "s")
	<-d.boxes[0].done
	if b := m.enter("s"); b.lock(t.Context()) == nil { // when it has been put away
		b.unlock()
		b.leave()
	}
	if callOf(t, m, "s") || len(d.resumed) != 1 {
		t.Errorf("%d were resumed, of %d", len(d.resumed), len(d.boxes))
	}
}

func TestResumeGoesOnWithWhatWasKnown(t *testing.T) {
	d := &suspender{}
	links := []hands.Link{{Path: "/a", Target: "/x"}}
	values := map[string]string{"KEY": "vcrd_1"}
	credentials := func(context.Context, string) (out []Credential, err error) {
		for variable, id := range values {
			out = append(out, Credential{ID: id, Variable: variable})
		}
		return out, nil
	}
	asked := 0
	pol := func(context.Context, string) (policy.Policy, error) { asked++; return policy.Unrestricted(), nil }
	m := newSuspender(t, d, func(c *Config) {
		c.Credentials, c.Policy = credentials, pol
		c.Materialize = func(context.Context, string, string) ([]hands.Link, error) { return links, nil }
	})
	callOf(t, m, "s")
	first := d.boxes[0].spec
	putAll(m)
	dir := m.dirOf("s")
	if m.live["s"] != nil || len(names(t, m.SocketDir)) != 0 {
		t.Errorf("left of a suspended session: %v, %v", m.live["s"], names(t, m.SocketDir))
	}
	kept, err := os.ReadFile(filepath.Join(dir, suspended, memoryFile))
	if err != nil || strings.Contains(string(kept), first.Env["KEY"]) || strings.Contains(string(kept), "PRIVATE") {
		t.Errorf("kept in the clear: %s, %v", kept, err)
	}
	links = []hands.Link{{Path: "/b", Target: "/y"}}
	values["KEY"], values["NEW"] = "vcrd_2", "vcrd_3"
	if callOf(t, m, "s") || len(d.resumed) != 1 {
		t.Fatalf("%d were resumed", len(d.resumed))
	}
	again := d.resumed[0]
	if string(again.TrustedCA) != string(first.TrustedCA) || !maps.Equal(again.Env, first.Env) || asked != 2 {
		t.Errorf("its programs know %v, the gate %v; the policy was asked for %d times", first.Env, again.Env, asked)
	}
	if got := fmt.Sprint(again.Links); got != "[{/b /y} {/a }]" {
		t.Errorf("links %s", got)
	}
	if got := fmt.Sprint(names(t, dir)); got != "[started]" {
		t.Errorf("left in the session's directory: %s", got)
	}
}

// A suspended sandbox's placeholders stand for the credentials that have their
// names when it goes on.
func TestKnownPlaceholdersStandForNewCredentials(t *testing.T) {
	look := func(context.Context) ([]Credential, error) {
		return []Credential{{ID: "vcrd_2", Variable: "KEY"}, {ID: "vcrd_3", Variable: "NEW"}}, nil
	}
	vars, err := newVariables(t.Context(), look, map[string]string{"KEY": "placeholder", "GONE": "other"})
	if err != nil {
		t.Fatal(err)
	}
	grants, err := vars.grants(t.Context())
	if err != nil || len(grants.Substitutions) != 1 || grants.Substitutions[0].Placeholder != "placeholder" || grants.Substitutions[0].CredentialID != "vcrd_2" {
		t.Errorf("%+v, %v", grants, err)
	}
}

// A checkpoint that can't be used gives a new sandbox, and the agent is told.
func TestLostCheckpoints(t *testing.T) {
	no := func() error { return hands.ErrNoCheckpoint }
	for name, lose := range map[string]func(t *testing.T, d *suspender, m *Manager){
		"refused":         func(_ *testing.T, d *suspender, _ *Manager) { d.resumes = no },
		"turned off":      func(_ *testing.T, _ *suspender, m *Manager) { m.SuspendAfter = 0 },
		"image removed":   func(t *testing.T, _ *suspender, m *Manager) { remove(t, m.dirOf("s"), suspended, checkpoint, "image") },
		"secrets removed": func(t *testing.T, _ *suspender, m *Manager) { remove(t, m.dirOf("s"), suspended, memoryFile) },
		"all removed":     func(t *testing.T, _ *suspender, m *Manager) { remove(t, m.dirOf("s"), suspended) },
		"another key": func(t *testing.T, _ *suspender, m *Manager) {
			keys, err := secret.New([]byte(strings.Repeat("k", 32)))
			if err != nil {
				t.Fatal(err)
			}
			m.Keys = keys
		},
		"another session's": func(t *testing.T, _ *suspender, m *Manager) {
			callOf(t, m, "other")
			putAll(m)
			path := filepath.Join(suspended, memoryFile)
			if err := os.Rename(filepath.Join(m.dirOf("other"), path), filepath.Join(m.dirOf("s"), path)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := &suspender{}
			m := newSuspender(t, d)
			callOf(t, m, "s")
			putAll(m)
			lose(t, d, m)
			if !callOf(t, m, "s") || len(d.resumed) > 0 {
				t.Errorf("the agent isn't told, or %d were resumed", len(d.resumed))
			}
			if callOf(t, m, "s") {
				t.Error("the agent is told twice")
			}
			if got := fmt.Sprint(names(t, m.dirOf("s"))); got != "[started]" {
				t.Errorf("left: %s", got)
			}
		})
	}
}

func remove(t *testing.T, path ...string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(path...)); err != nil {
		t.Fatal(err)
	}
}

// What can't be suspended is stopped, as before.
func TestAFailedSuspendStops(t *testing.T) {
	d := &suspender{suspends: func() error { return errors.New("no") }}
	m := newSuspender(t, d)
	callOf(t, m, "s")
	putAll(m)
	if got := fmt.Sprint(names(t, m.dirOf("s"))); d.live() != 0 || got != "[started]" {
		t.Errorf("%d live, left: %s", d.live(), got)
	}
	if !callOf(t, m, "s") {
		t.Error("the agent isn't told")
	}
}

// However long it takes, an idle sandbox is suspended, unless the server stops.
func TestASuspendTakesItsTime(t *testing.T) {
	d := &suspender{}
	m := newSuspender(t, d)
	callOf(t, m, "s")
	d.suspending = func(ctx context.Context) error {
		if deadline, ok := ctx.Deadline(); ok {
			t.Errorf("it must end at %s", deadline)
		}
		m.endPutting() // as Close does, a while after it has begun
		return context.Cause(ctx)
	}
	putAll(m)
	d.suspending = nil
	if got := fmt.Sprint(names(t, m.dirOf("s"))); d.live() != 0 || got != "[started]" {
		t.Errorf("%d live, left: %s", d.live(), got)
	}
}

// A sandbox that died while it was idle leaves nothing to go on with.
func TestTheDeadAreNotSuspended(t *testing.T) {
	d := &suspender{suspends: func() error { t.Error("suspended"); return nil }}
	m := newSuspender(t, d)
	callOf(t, m, "s")
	d.boxes[0].Close(t.Context())
	putAll(m)
	if !callOf(t, m, "s") {
		t.Error("the agent isn't told")
	}
	d.suspends = nil
}

// Calls that come while a sandbox is being suspended wait and go on with it.
func TestCallsDuringASuspend(t *testing.T) {
	d := &suspender{}
	m := newSuspender(t, d)
	callOf(t, m, "s")
	began, goOn := make(chan struct{}), make(chan struct{})
	d.suspends = func() error { close(began); <-goOn; return nil }
	var work sync.WaitGroup
	work.Go(func() { putAll(m) })
	<-began
	for range 5 {
		work.Go(func() {
			if r, err := m.Run(t.Context(), "s", hands.Call{}); err != nil || len(r.Content) > 0 {
				t.Errorf("%s, %v", r.Content, err)
			}
		})
	}
	close(goOn)
	work.Wait()
	if len(d.resumed) != 1 || d.live() != 1 {
		t.Errorf("%d resumed, %d live", len(d.resumed), d.live())
	}
	d.suspends = nil
}

// A call that comes before a sandbox is suspended keeps it.
func TestACallKeepsTheSandbox(t *testing.T) {
	d := &suspender{suspends: func() error { t.Error("suspended"); return nil }}
	m := newSuspender(t, d)
	m.Publish = func(context.Context, string, string) error { m.enter("s"); return nil }
	callOf(t, m, "s")
	putAll(m)
	if d.live() != 1 {
		t.Errorf("%d live", d.live())
	}
	d.suspends = nil
}

// A call that is given up does not cost the sandbox.
func TestAnInterruptedResume(t *testing.T) {
	d := &suspender{}
	m := newSuspender(t, d)
	callOf(t, m, "s")
	putAll(m)
	ctx, cancel := context.WithCancel(t.Context())
	d.resumes = func() error { cancel(); return nil }
	if _, err := m.Run(ctx, "s", hands.Call{}); err != nil {
		t.Error(err) // the fake's Run doesn't look at ctx
	}
	if callOf(t, m, "s") || len(d.resumed) != 1 {
		t.Error("it was lost")
	}
}

func TestRemoveOfASuspendedSession(t *testing.T) {
	d := &suspender{}
	m := newSuspender(t, d)
	callOf(t, m, "s")
	putAll(m)
	m.Remove("s")
	m.Close() // waits for the removal
	if _, err := os.Stat(m.dirOf("s")); !errors.Is(err, os.ErrNotExist) || len(m.kept.all) != 0 {
		t.Errorf("left: %v, %v", err, m.kept.all)
	}
}

func TestMakingRoomSuspends(t *testing.T) {
	d := &suspender{}
	m := newSuspender(t, d, func(c *Config) { c.MaxLive = 1 })
	for range 3 {
		for _, s := range []string{"a", "b"} {
			if callOf(t, m, s) {
				t.Errorf("%s was lost", s)
			}
		}
	}
	if d.live() != 1 || len(d.resumed) != 4 {
		t.Errorf("%d live, %d resumed", d.live(), len(d.resumed))
	}
}

// Checkpoints over the limit go, the oldest first.
func TestSuspendDisk(t *testing.T) {
	d := &suspender{}
	m := newSuspender(t, d, func(c *Config) { c.SuspendDisk = 200 << 10 })
	for _, s := range []string{"a", "b", "c", "d"} {
		callOf(t, m, s)
		putAll(m)
		at := time.Unix(int64(len(s)), 0).Add(time.Duration(s[0]) * time.Second)
		k := m.kept.all[m.dirOf(s)]
		k.made = at
		m.kept.all[m.dirOf(s)] = k
	}
	for s, lost := range map[string]bool{"a": true, "b": true, "c": false, "d": false} {
		if callOf(t, m, s) != lost {
			t.Errorf("%s: lost is not %v", s, lost)
		}
	}
}

// Another process goes on with what this one suspended when it ended, and
// clears up what one that was killed had begun.
func TestRestart(t *testing.T) {
	d := &suspender{}
	dir := t.TempDir()
	here := func(c *Config) { c.Dir = dir }
	m := newSuspender(t, d, here)
	for _, s := range []string{"a", "b", "c"} {
		callOf(t, m, s)
	}
	m.Close()
	if d.live() != 0 {
		t.Fatalf("%d live", d.live())
	}
	if err := os.Rename(filepath.Join(m.dirOf("b"), suspended), filepath.Join(m.dirOf("b"), resuming)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(m.dirOf("c"), suspended), filepath.Join(m.dirOf("c"), suspending)); err != nil {
		t.Fatal(err)
	}
	m = newSuspender(t, d, here)
	if len(m.kept.all) != 1 {
		t.Errorf("it knows of %v", m.kept.all)
	}
	for s, lost := range map[string]bool{"a": false, "b": true, "c": true} {
		if callOf(t, m, s) != lost {
			t.Errorf("%s: lost is not %v", s, lost)
		}
		if got := fmt.Sprint(names(t, m.dirOf(s))); got != "[started]" {
			t.Errorf("%s: left %s", s, got)
		}
	}
}
