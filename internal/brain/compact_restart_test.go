package brain

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// crowd is a session whose next message is compacted first; hold is in the way
// of the first summary.
func crowd(t *testing.T, hold *modeltest.Hang) (h *harness, session string) {
	h = newHarness(t, window(4000))
	h.input.Store(4000)
	session = h.session("cloud")
	first := true
	h.model.Func(func(r modeltest.Request) modeltest.Reply {
		switch {
		case wantsSummary(r) && first:
			first = false
			return modeltest.Text("Horses are counted.").HangAt(2, hold)
		case wantsSummary(r):
			return modeltest.Text("Horses were counted.")
		}
		return modeltest.Text("Well.")
	})
	h.until(session, wire.TypeStatusIdle, userMessage(long("one", 8000)))
	return h, session
}

// A server that is killed while the summary comes asks for it again.
func TestRestartDuringACompaction(t *testing.T) {
	hold := modeltest.NewHang()
	h, s := crowd(t, hold)
	h.send(s, userMessage(long("two", 4500)))
	<-hold.Arrived()
	h.reopen(s)
	h.golden(s, "restart_compaction")
	if got := h.texts(1); len(got) != 1 || !strings.Contains(got[0], "Horses were counted.") {
		t.Errorf("the model went on with %q", got)
	}
}

// What the model is sent after compactions is the same in every process: after
// each event of the log, the state that is read back from it is the one that
// was kept.
func TestTheLogHoldsCompactions(t *testing.T) {
	h := newHarness(t, window(3000))
	s := h.session("cloud", builtins)
	ls := modeltest.Thinking("look").And(modeltest.Text("I look.")).And(modeltest.ToolUse("bash", map[string]any{"command": "ls"}))
	cut := ls.And(modeltest.CutOffToolUse("bash", `{"comm`))
	h.model.Func(summarizes("It was listed.", ls, cut, ls, ls, modeltest.Text("Done.")))
	for i := range 3 {
		h.until(s, wire.TypeStatusIdle, userMessage(fmt.Sprint("m", i, long(" list", 4000))), `{"type":"system.message","content":[{"type":"text","text":"Speak French."}]}`)
	}
	h.until(s, wire.TypeStatusIdle, userMessage("cached"))
	h.restart()
	h.until(s, wire.TypeStatusIdle, userMessage("read back"))
	requests := h.model.Requests()
	n := len(requests)
	h.checkReplay(s)
	kept, read := messagesOf(t, requests[n-2].Raw), messagesOf(t, requests[n-1].Raw)
	if h.count(s, wire.TypeThreadContextCompacted) < 2 || len(read) != len(kept)+2 {
		t.Fatalf("compacted %d times; %d messages, before %d", h.count(s, wire.TypeThreadContextCompacted), len(read), len(kept))
	}
	for i, want := range kept {
		if read[i] != want {
			t.Errorf("message %d:\n%s\nwant\n%s", i, read[i], want)
		}
	}
}

// An interrupt ends the wait for a summary. The next turn asks for it again.
func TestInterruptedCompaction(t *testing.T) {
	hold := modeltest.NewHang()
	h, s := crowd(t, hold)
	h.send(s, userMessage(long("two", 4500)))
	<-hold.Arrived()
	h.until(s, wire.TypeStatusIdle, `{"type":"user.interrupt"}`)
	<-hold.Gone()
	h.until(s, wire.TypeStatusIdle, userMessage("three"))
	h.golden(s, "interrupted_compaction")
	if got := h.texts(1); len(got) != 1 || !strings.HasSuffix(got[0], "\nthree") || strings.Contains(got[0], "two two") {
		t.Errorf("the model went on with %q", got) // the message of the interrupted turn is history
	}
}

// Messages that come while the summary is made are answered after it.
func TestQueuedDuringACompaction(t *testing.T) {
	hold := modeltest.NewHang()
	h, s := crowd(t, hold)
	h.send(s, userMessage(long("two", 4500)))
	<-hold.Arrived()
	h.send(s, userMessage("three"))
	sub := h.journal.Subscribe(s)
	defer sub.Close()
	hold.Release()
	h.await(sub, wire.TypeStatusIdle)
	got := h.texts(1)
	if len(got) != 1 || !strings.HasSuffix(got[0], long("two", 4500)+"\nthree") || h.count(s, wire.TypeThreadContextCompacted) != 1 {
		t.Errorf("the model went on with %q", got)
	}
}

// checkReplay compares the state that a turn was left with to the one that the
// log says. It stops the brain.
func (h *harness) checkReplay(session string) {
	h.t.Helper()
	h.brain.Stop()
	kept, read := h.brain.cache.turns[session].state, newState()
	err := h.db.View(h.t.Context(), func(tx store.Tx) error {
		events, err := store.EventsAfter(tx, session, 0)
		for _, e := range events {
			err = errors.Join(err, read.apply(e))
		}
		return err
	})
	doc, docErr := h.row(session).Doc()
	if err := errors.Join(err, docErr); err != nil {
		h.t.Fatal(err)
	}
	read.configure(doc, h.brain.webTools)
	if got, want := string(wire.Encode(read.messages)), string(wire.Encode(kept.messages)); got != want {
		h.t.Errorf("the log says\n%s\nkept was\n%s", got, want)
	}
	if !reflect.DeepEqual(read.space, kept.space) || read.due != kept.due || read.rounds != kept.rounds || read.cuts != kept.cuts || read.seq != kept.seq {
		h.t.Errorf("the log says %+v, kept was %+v", read, kept)
	}
}
