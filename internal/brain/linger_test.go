package brain

import (
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Who opens the stream after the message sees the turn's end, however fast the
// model is, or fails.
func TestLinger(t *testing.T) {
	for name, answer := range map[string]modeltest.Reply{
		"an answer": modeltest.Text("Done."), "a refused request": modeltest.Error(401, "authentication_error", "No."),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, func(d *Deps) { d.Linger = time.Hour })
			s := h.session("cloud")
			h.model.Queue(answer)
			h.send(s, userMessage("go"))
			<-time.After(100 * time.Millisecond) // longer than such a turn takes
			h.until(s, wire.TypeStatusIdle)
		})
	}
}

// A turn that nobody reads ends, too.
func TestLingerAlone(t *testing.T) {
	h := newHarness(t, func(d *Deps) { d.Linger = time.Millisecond })
	s := h.session("cloud")
	h.model.Queue(modeltest.Text("Done."))
	h.send(s, userMessage("go"))
	for deadline := time.Now().Add(30 * time.Second); h.count(s, wire.TypeStatusIdle) == 0; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the turn doesn't end")
		}
	}
}
