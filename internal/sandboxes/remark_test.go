package sandboxes

import (
	"context"
	"errors"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

func TestARemarkIsMadeOnceWhenRepositoriesAreThere(t *testing.T) {
	d := &driver{}
	cloned, asked := false, 0
	fail := errors.New("no")
	hooks := func(c *Config) {
		c.Repositories = func(context.Context, string, string, int64) ([]hands.Notice, bool, error) { return nil, cloned, nil }
		c.Remark = func(context.Context, string, string) (string, error) {
			if asked++; asked == 1 {
				return "", fail
			}
			return "look", nil
		}
	}
	m := newManager(t, d, hooks)
	if text, _ := bash(t, m, 1); text != "" || asked != 0 {
		t.Errorf("before: %q, asked %d times", text, asked)
	}
	cloned = true
	if _, err := m.Run(t.Context(), "s", hands.Call{Turn: 1}); !errors.Is(err, fail) {
		t.Errorf("failed: %v", err)
	}
	for _, want := range []string{`{"type":"text","text":"look"}`, ""} {
		if text, _ := bash(t, m, 1); text != want || asked != 2 {
			t.Errorf("%q, want %q, asked %d times", text, want, asked)
		}
	}
	// Another sandbox, and another process, don't repeat it.
	d.boxes[0].Close(t.Context())
	if text, _ := bash(t, m, 1); text != string(restartedNote) {
		t.Errorf("after a loss: %q", text)
	}
	again := newManager(t, &driver{}, hooks, func(c *Config) { c.Dir = m.Dir })
	if text, _ := bash(t, again, 1); text != string(restartedNote) || asked != 2 {
		t.Errorf("after a restart: %q, asked %d times", text, asked)
	}
}

func TestARemarkIsNotLostWithTheCall(t *testing.T) {
	d := &driver{}
	m := newManager(t, d, func(c *Config) {
		c.Repositories = func(context.Context, string, string, int64) ([]hands.Notice, bool, error) { return nil, true, nil }
		c.Remark = func(context.Context, string, string) (string, error) {
			close(d.boxes[0].done) // dies before it runs the call
			return "look", nil
		}
	})
	if _, err := m.Run(t.Context(), "s", hands.Call{}); !errors.Is(err, hands.ErrLost) {
		t.Errorf("%v", err)
	}
	d.boxes[0].once.Do(func() {})
	if text, _ := bash(t, m, 1); text != string(restartedNote)+`{"type":"text","text":"look"}` {
		t.Errorf("%q", text)
	}
}
