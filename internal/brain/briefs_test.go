package brain

import (
	"errors"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestBriefs(t *testing.T) {
	asked, fail := 0, errors.New("no")
	h := newHarness(t, func(d *Deps) {
		d.Briefs = []Brief{func(_ store.Tx, s *store.Session, doc *store.SessionDoc) ([]string, error) {
			if asked++; asked == 1 {
				return nil, fail
			}
			return []string{"First.", "Of " + doc.Agent.Name}, nil
		}, func(store.Tx, *store.Session, *store.SessionDoc) ([]string, error) { return []string{"Last."}, nil }}
	})
	s := h.session("cloud", builtins)
	h.model.Queue(modeltest.Text("Hello."), modeltest.Text("Again."))
	h.until(s, wire.TypeStatusIdle, userMessage("hi"))
	h.until(s, wire.TypeStatusIdle, userMessage("once more"))
	if asked != 2 { // once in vain
		t.Errorf("asked %d times", asked)
	}
	for _, r := range h.model.Requests() {
		if system := string(r.Raw); !strings.Contains(system, `\n\nFirst.\n\nOf `) || !strings.Contains(system, `\n\nLast."`) {
			t.Errorf("request %s", system)
		}
	}
}
