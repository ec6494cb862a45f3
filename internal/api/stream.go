package api

import (
	"context"
	"net/http"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	// pingEvery is the longest silence on a stream (Managed Agents API: events §8).
	pingEvery = 15 * time.Second
	// stuckAfter is how long a reader may take no bytes before it is cut off.
	stuckAfter = 30 * time.Second
	// maxPreviews bounds event_deltas[].
	maxPreviews = 100
)

var pingFrame = &journal.Frame{Type: "ping", Bytes: journal.SSE("ping", []byte(`{"type":"ping"}`))}

// streamSession streams what is appended to the session's log from now on.
// The subscription is registered before the headers go out, so that a client
// that lists the log once it has them sees no gap.
func (s *Server) streamSession(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	previews := q.list("event_deltas")
	if len(previews) > maxPreviews {
		return fault.At("event_deltas", "at most %d values", maxPreviews)
	}
	for _, p := range previews {
		if p != wire.TypeAgentMessage && p != wire.TypeAgentThinking {
			return fault.At("event_deltas", "`%s` is not one of `agent.message`, `agent.thinking`", p)
		}
	}
	id := r.PathValue("session_id")
	sub := s.Journal.Subscribe(id, previews...)
	defer sub.Close()
	ended, err := s.hasEnded(r.Context(), id)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no") // nginx would hold frames back
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	if err := out.Flush(); err != nil || ended {
		return nil // the client is gone, or there is nothing to come
	}
	s.copyFrames(w, out, r, sub)
	return nil
}

// hasEnded tells whether a session is terminated. The database wants a deep
// stack; it gets one of its own, so that the ten thousand goroutines that wait
// on streams keep small ones.
func (s *Server) hasEnded(ctx context.Context, id string) (ended bool, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = s.DB.View(ctx, func(tx store.Tx) error {
			row, err := findSession(tx, id)
			ended = err == nil && row.Status == wire.Terminated
			return err
		})
	}()
	<-done
	return ended, err
}

// streamThread streams a thread's log: of the primary one, the session's.
func (s *Server) streamThread(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.thread(r); err != nil {
		return err
	}
	return s.streamSession(w, r)
}

// copyFrames writes frames until the session or the client ends. What waits is
// written together.
func (s *Server) copyFrames(w http.ResponseWriter, out *http.ResponseController, r *http.Request, sub *journal.Subscription) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	defer out.SetWriteDeadline(time.Time{}) // the connection may serve another request
	frames := sub.Frames()
	for {
		var f *journal.Frame
		var more bool
		select {
		case f, more = <-frames:
			if !more {
				return
			}
		case <-ping.C:
			f = pingFrame
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		}
		// Errors of writing mean that the client is gone: there is nobody to tell.
		if out.SetWriteDeadline(time.Now().Add(stuckAfter)) != nil {
			return
		}
		if _, err := w.Write(f.Bytes); err != nil {
			return
		}
		for n := len(frames); n > 0; n-- {
			if f, more = <-frames; !more {
				break
			}
			if _, err := w.Write(f.Bytes); err != nil {
				return
			}
		}
		if out.Flush() != nil {
			return
		}
	}
}
