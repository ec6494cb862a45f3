package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newJournal(t testing.TB, now func() time.Time) (*Journal, *sqlite.DB) {
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	err = db.Update(context.Background(), func(tx store.Tx) error {
		return store.InsertSession(tx, &store.Session{ID: "s", Status: wire.Idle, ThreadID: "sthr_1"}, store.SessionDoc{})
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(new(ids.Random), now), db
}

// appendText appends one agent.message.
func appendText(j *Journal, db *sqlite.DB, text string) error {
	return db.Update(context.Background(), func(tx store.Tx) error {
		s, err := store.GetSession(tx, "s")
		if err != nil {
			return err
		}
		b := j.Batch(s)
		b.Add(Draft{Type: wire.TypeAgentMessage, Body: wire.AgentMessage{Type: wire.TypeAgentMessage, Content: []wire.Block{wire.Text(text)}}})
		if err := b.Flush(tx); err != nil {
			return err
		}
		return store.SaveState(tx, s)
	})
}

func list(t testing.TB, db *sqlite.DB) (out []string) {
	err := db.View(context.Background(), func(tx store.Tx) error {
		rows, err := store.ListEvents(tx, store.EventFilter{SessionID: "s", Processed: page.Everything}, page.Range{Order: page.Asc, Limit: 1 << 20})
		for _, r := range rows {
			out = append(out, string(r.Data))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A reader that subscribes and then lists has every event, in order, once it
// drops what it saw twice; what it streams is byte for byte what is listed.
func TestSubscribeThenListShowsNoGap(t *testing.T) {
	j, db := newJournal(t, time.Now)
	const writers, each = 4, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := appendText(j, db, fmt.Sprint(w, "/", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			sub := j.Subscribe("s")
			defer sub.Close()
			got := list(t, db)
			seen := map[string]bool{}
			for _, e := range got {
				seen[e] = true
			}
			for len(got) < writers*each {
				f, ok := <-sub.Frames()
				if !ok {
					t.Error("the reader was cut off")
					return
				}
				_, data, _ := strings.Cut(strings.TrimSuffix(string(f.Bytes), "\n\n"), "\ndata: ")
				if !seen[data] {
					seen[data] = true
					got = append(got, data)
				}
			}
			if want := list(t, db); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
	readers.Wait()
	wg.Wait()
}

func TestProcessedAtGrowsThoughTheClockDoesNot(t *testing.T) {
	stuck := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	j, db := newJournal(t, func() time.Time { stuck = stuck.Add(-time.Second); return stuck })
	last := ""
	for i := range 5 {
		if err := appendText(j, db, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range list(t, db) {
		var v struct {
			ProcessedAt string `json:"processed_at"`
		}
		if err := json.Unmarshal([]byte(e), &v); err != nil {
			t.Fatal(err)
		}
		if v.ProcessedAt <= last {
			t.Errorf("%s after %s", v.ProcessedAt, last)
		}
		last = v.ProcessedAt
	}
}

func TestSlowReaderIsCutOff(t *testing.T) {
	j, _ := newJournal(t, time.Now)
	slow, fast := j.Subscribe("s"), j.Subscribe("s")
	defer slow.Close()
	defer fast.Close()
	for i := range buffer + 1 {
		j.Publish("s", "x", fmt.Appendf(nil, "%d", i))
		<-fast.Frames()
	}
	n := 0
	for range slow.Frames() { // ends because the journal closed it
		n++
	}
	if n != buffer {
		t.Errorf("the slow reader got %d frames, want the %d that fit", n, buffer)
	}
	j.Publish("s", "x", []byte("more"))
	if _, ok := <-fast.Frames(); !ok {
		t.Error("the fast reader was cut off too")
	}
}

func TestStreamEndsWithTheSession(t *testing.T) {
	j, _ := newJournal(t, time.Now)
	sub := j.Subscribe("s")
	defer sub.Close()
	j.Publish("s", wire.TypeSessionDeleted, []byte(`{}`))
	if f, ok := <-sub.Frames(); !ok || f.Type != wire.TypeSessionDeleted {
		t.Errorf("got %v, %v", f, ok)
	}
	if _, ok := <-sub.Frames(); ok {
		t.Error("the stream goes on")
	}
}

func TestPreviews(t *testing.T) {
	j, _ := newJournal(t, time.Now)
	plain, watching := j.Subscribe("s"), j.Subscribe("s", wire.TypeAgentMessage)
	defer plain.Close()
	defer watching.Close()
	if !j.Watched("s", wire.TypeAgentMessage) || j.Watched("s", wire.TypeAgentThinking) || j.Watched("other", wire.TypeAgentMessage) {
		t.Error("Watched is wrong")
	}
	j.PreviewStart("s", wire.TypeAgentMessage, "sevt_1")
	late := j.Subscribe("s", wire.TypeAgentMessage)
	defer late.Close()
	j.PreviewText("s", wire.TypeAgentMessage, "sevt_1", 0, "Hel")
	j.PreviewStart("s", wire.TypeAgentThinking, "sevt_2")
	j.PreviewEnd("s", "sevt_1")
	j.PreviewText("s", wire.TypeAgentMessage, "sevt_1", 0, "after the end")
	want := []string{
		`event: event_start` + "\n" + `data: {"type":"event_start","event":{"type":"agent.message","id":"sevt_1"}}` + "\n\n",
		`event: event_delta` + "\n" + `data: {"type":"event_delta","event_id":"sevt_1","delta":{"type":"content_delta","index":0,"content":{"type":"text","text":"Hel"}}}` + "\n\n",
	}
	for _, w := range want {
		if got := string((<-watching.Frames()).Bytes); got != w {
			t.Errorf("got %q, want %q", got, w)
		}
	}
	for name, s := range map[string]*Subscription{"plain": plain, "watching": watching, "late": late} {
		if n := len(s.frames); n != 0 {
			t.Errorf("%s: %d more frames", name, n)
		}
	}
}

func TestSheddingDeltasKeepsThemAPrefix(t *testing.T) {
	j, _ := newJournal(t, time.Now)
	s := j.Subscribe("s", wire.TypeAgentMessage)
	defer s.Close()
	j.PreviewStart("s", wire.TypeAgentMessage, "sevt_1")
	for range buffer {
		j.PreviewText("s", wire.TypeAgentMessage, "sevt_1", 0, "x")
	}
	lagging := len(s.frames)
	if lagging > buffer/2+1 {
		t.Errorf("%d frames wait, no room is left for the log", lagging)
	}
	for len(s.frames) > 0 {
		<-s.frames
	}
	j.PreviewText("s", wire.TypeAgentMessage, "sevt_1", 0, "y")
	if len(s.frames) != 0 {
		t.Error("a delta came after some were shed")
	}
}

func TestStampAndUnstamp(t *testing.T) {
	body := []byte(`{"type":"user.message","content":[]}`)
	queued := Stamp("sevt_1", body, 0)
	if want := `{"id":"sevt_1","type":"user.message","content":[],"processed_at":null}`; string(queued) != want {
		t.Errorf("got %s", queued)
	}
	if got := Unstamp("sevt_1", queued); string(got) != string(body) {
		t.Errorf("got %s", got)
	}
	if got, want := string(Stamp("e", []byte(`{"type":"x"}`), 1)), `{"id":"e","type":"x","processed_at":"1970-01-01T00:00:00.000001Z"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
