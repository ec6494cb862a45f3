package sandboxes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

// bash makes a call of a turn and answers its text blocks and notices.
func bash(t *testing.T, m *Manager, turn int64) (text, notices string) {
	t.Helper()
	r, err := m.Run(t.Context(), "s", hands.Call{Tool: "bash", Turn: turn})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Content {
		text += string(c)
	}
	for _, n := range r.Notices {
		notices += n.Message + ";"
	}
	return text, notices
}

func TestSoftwareIsShownAndLetGo(t *testing.T) {
	d := &driver{}
	asked, released := 0, 0
	m := newManager(t, d, func(c *Config) {
		c.Software = func(_ context.Context, session, dir string) (Software, error) {
			asked++
			if session != "s" || !strings.HasPrefix(dir, c.Dir) {
				t.Errorf("asked for %s in %s", session, dir)
			}
			return Software{Layers: []hands.Layer{{Tree: "/l", Path: "/opt/l"}}, Notices: []hands.Notice{{Message: "no pip"}}, Release: func() { released++ }}, nil
		}
	})
	if text, notices := bash(t, m, 1); notices != "no pip;" || !strings.Contains(text, "no pip") {
		t.Errorf("first call: %s, %s", text, notices)
	}
	if text, notices := bash(t, m, 1); notices != "" || text != "" || asked != 1 || released != 0 {
		t.Errorf("second call: %s, %s, asked %d, released %d", text, notices, asked, released)
	}
	if l := d.boxes[0].spec.Layers; len(l) != 1 || l[0].Tree != "/l" {
		t.Errorf("layers %v", l)
	}
	d.boxes[0].Close(t.Context())
	bash(t, m, 1)
	if asked != 2 || released != 1 {
		t.Errorf("after a loss: asked %d, released %d", asked, released)
	}
	d.boxes[1].Close(t.Context())
	d.starts = func() error { return errors.New("no") }
	r, err := m.Run(t.Context(), "s", hands.Call{})
	if err == nil || len(r.Notices) != 1 || released != 3 {
		t.Errorf("a failed start: %v, %v, released %d", r.Notices, err, released)
	}
	d.starts = nil
	bash(t, m, 1)
	m.Remove("s")
	m.Close()
	if released != 4 {
		t.Errorf("at the end: released %d", released)
	}
}

func TestRepositoriesAreAskedForUntilDone(t *testing.T) {
	d := &driver{}
	var turns []int64
	var fail error
	m := newManager(t, d, func(c *Config) {
		c.Repositories = func(_ context.Context, _, _ string, turn int64) ([]hands.Notice, bool, error) {
			if len(d.boxes) == 0 {
				t.Error("asked before there is a sandbox")
			}
			turns = append(turns, turn)
			if turn == 2 {
				return nil, true, fail
			}
			return []hands.Notice{{Message: "no repo"}}, false, fail
		}
	})
	if _, notices := bash(t, m, 1); notices != "no repo;" {
		t.Errorf("notices %s", notices)
	}
	// What is interrupted is asked for again, and no notice is lost.
	d.boxes[0].Close(t.Context())
	fail = context.Canceled
	if r, err := m.Run(t.Context(), "s", hands.Call{Turn: 2}); !errors.Is(err, context.Canceled) || len(r.Notices) > 0 {
		t.Errorf("%v, %v", r, err)
	}
	fail = nil
	if text, notices := bash(t, m, 2); notices != "" || !strings.Contains(text, "started anew") {
		t.Errorf("the call after it: %s, %s", text, notices)
	}
	bash(t, m, 2)
	bash(t, m, 3)
	if got := fmt.Sprint(turns); got != "[1 2 2]" {
		t.Errorf("asked in turns %s", got)
	}
}

// A change of resources doesn't wait for packages: they show with the sandbox
// that comes.
func TestRefreshWhileSoftwareIsMade(t *testing.T) {
	d := &driver{}
	begun, goOn := make(chan struct{}), make(chan struct{})
	var links []hands.Link
	m := newManager(t, d, func(c *Config) {
		c.Software = func(context.Context, string, string) (Software, error) {
			close(begun)
			<-goOn
			return Software{Release: func() {}}, nil
		}
		c.Materialize = func(context.Context, string, string) ([]hands.Link, error) { return links, nil }
	})
	done := make(chan error)
	go func() {
		_, err := m.Run(t.Context(), "s", hands.Call{})
		done <- err
	}()
	<-begun
	links = []hands.Link{{Path: "/a", Target: "/x"}}
	if err := m.Refresh(t.Context(), "s"); err != nil {
		t.Error(err)
	}
	close(goOn)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := d.boxes[0].spec.Links; len(got) != 1 {
		t.Errorf("links %v", got)
	}
}

func TestInjectionsOpenTheGate(t *testing.T) {
	host, err := policy.ParseHost("git.test")
	if err != nil {
		t.Fatal(err)
	}
	in := []gate.Injection{{CredentialID: "r1", Host: host, PathPrefix: "/o/r"}}
	for name, c := range map[string]struct {
		has    bool
		in     []gate.Injection
		vaults []Credential
		trusts bool
	}{
		"nothing":            {false, nil, nil, false},
		"a repository":       {true, in, nil, true},
		"one without token":  {true, nil, nil, true},
		"vaults alone":       {false, nil, []Credential{{ID: "c", Variable: "KEY"}}, true},
		"vaults and a token": {true, in, []Credential{{ID: "c", Variable: "KEY"}}, true},
	} {
		d := &driver{}
		m := newManager(t, d, func(cfg *Config) {
			cfg.Injections = func(context.Context, string) ([]gate.Injection, bool, error) { return c.in, c.has, nil }
			cfg.Credentials = func(context.Context, string) ([]Credential, error) { return c.vaults, nil }
		})
		if _, err := m.Run(t.Context(), "s", hands.Call{}); err != nil {
			t.Fatal(err)
		}
		if trusts := len(d.boxes[0].spec.TrustedCA) > 0; trusts != c.trusts {
			t.Errorf("%s: trusts the gate: %v", name, trusts)
		}
	}
}

func TestMerge(t *testing.T) {
	source := func(n int, err error) gate.Secrets {
		return func(context.Context) (gate.Grants, error) {
			return gate.Grants{Substitutions: make([]gate.Substitution, n), Injections: make([]gate.Injection, 2*n)}, err
		}
	}
	g, err := merge([]gate.Secrets{source(1, nil), source(2, nil)})(t.Context())
	if err != nil || len(g.Substitutions) != 3 || len(g.Injections) != 6 {
		t.Errorf("%+v, %v", g, err)
	}
	no := errors.New("no")
	if _, err := merge([]gate.Secrets{source(1, nil), source(0, no)})(t.Context()); !errors.Is(err, no) {
		t.Error(err)
	}
}
