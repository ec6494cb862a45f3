package journal

import (
	"sync"

	"github.com/ostlerdev/ostler/internal/wire"
)

// buffer is how many frames a reader may lag behind before it is cut off.
const buffer = 256

// hub hands frames to the readers of each session.
type hub struct {
	mu       sync.Mutex
	sessions map[string]*topic
	awaited  map[string]map[chan struct{}]bool // see AwaitReader
}

// topic is the readers of one session. Its lock is taken after the hub's.
type topic struct {
	mu      sync.Mutex
	readers map[*Subscription]struct{}
}

// Subscription is one reader of a session's log.
type Subscription struct {
	frames   chan *Frame
	hub      *hub
	session  string
	previews map[string]bool
	started  map[string]bool // previews whose start this reader got; nil without previews
}

// Subscribe registers a reader. previews are the event types whose making it
// wants to watch (agent.message, agent.thinking). The caller must Close it.
func (j *Journal) Subscribe(session string, previews ...string) *Subscription {
	s := &Subscription{frames: make(chan *Frame, buffer), hub: &j.hub, session: session}
	if len(previews) > 0 {
		s.previews = map[string]bool{}
		for _, p := range previews {
			s.previews[p] = true
		}
	}
	j.hub.mu.Lock()
	defer j.hub.mu.Unlock()
	t := j.hub.sessions[session]
	if t == nil {
		t = &topic{readers: map[*Subscription]struct{}{}}
		j.hub.sessions[session] = t
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.readers[s] = struct{}{}
	j.hub.welcome(session)
	return s
}

// Frames delivers the frames in order. It is closed after the last one of the
// session, and when the reader fell behind.
func (s *Subscription) Frames() <-chan *Frame { return s.frames }

// Close ends the subscription. It is idempotent.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	t := s.hub.sessions[s.session]
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(s)
	if len(t.readers) == 0 {
		delete(s.hub.sessions, s.session)
	}
}

// drop cuts a reader off. t.mu is held.
func (t *topic) drop(s *Subscription) {
	if _, ok := t.readers[s]; ok {
		delete(t.readers, s)
		close(s.frames)
	}
}

func (h *hub) topic(session string) *topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sessions[session]
}

// publish hands an event to every reader of a session.
func (h *hub) publish(session, typ string, data []byte) {
	t := h.topic(session)
	if t == nil {
		return
	}
	f := &Frame{Type: typ, Bytes: SSE(typ, data)}
	last := typ == wire.TypeSessionDeleted || typ == wire.TypeStatusTerminated
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.readers {
		select {
		case s.frames <- f:
		default:
			t.drop(s)
			continue
		}
		if last {
			t.drop(s)
		}
	}
}

// Publish shows a frame that is not part of the log, such as
// session.deleted.
func (j *Journal) Publish(session string, typ string, data []byte) {
	j.hub.publish(session, typ, data)
}

// Watched tells whether any reader of a session wants previews of an event
// type, so that nobody makes frames that nobody reads.
func (j *Journal) Watched(session, preview string) bool {
	t := j.hub.topic(session)
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.readers {
		if s.previews[preview] {
			return true
		}
	}
	return false
}
