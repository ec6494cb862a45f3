package agent

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

// fakeModels knows big (all efforts, fast) and small (no effort but medium,
// its default); other ids are unknown.
type fakeModels struct{}

func (fakeModels) Check(id, effort, speed string) error {
	switch {
	case id != "big" && id != "small":
		return fmt.Errorf("id: unknown model %q", id)
	case id == "small" && effort != "" && effort != "medium":
		return fmt.Errorf("effort: small has no level %q", effort)
	case id == "small" && speed == "fast":
		return errors.New("speed: small is never fast")
	}
	return nil
}

func (fakeModels) DefaultEffort(id string) string {
	if id == "small" {
		return "medium"
	}
	return "high"
}

func decode[T any](t testing.TB, body string) (v T) {
	t.Helper()
	if err := wire.Decode([]byte(body), &v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}

func newAgent(t testing.TB, body string) wire.Agent {
	t.Helper()
	cfg, err := New(decode[wire.AgentParams](t, body), fakeModels{})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	// As the store would give it back.
	return wire.Agent{ID: "agent_1", Type: "agent", Version: 3, AgentConfig: decode[wire.AgentConfig](t, string(wire.Encode(cfg)))}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
