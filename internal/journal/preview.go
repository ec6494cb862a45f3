package journal

import "github.com/ostlerdev/ostler/internal/wire"

// PreviewStart announces that an event of a type is being made under id.
// Readers that subscribe later get no deltas of it.
func (j *Journal) PreviewStart(session, typ, id string) {
	data := wire.Encode(wire.EventStart{Type: wire.TypeEventStart, Event: wire.EventStub{Type: typ, ID: id}})
	j.hub.preview(session, typ, id, true, SSE(wire.TypeEventStart, data))
}

// PreviewText shows more text of block index of an announced event.
func (j *Journal) PreviewText(session, typ, id string, index int, text string) {
	data := wire.Encode(wire.EventDelta{Type: wire.TypeEventDelta, EventID: id,
		Delta: wire.ContentDelta{Type: "content_delta", Index: index, Content: wire.Text(text)}})
	j.hub.preview(session, typ, id, false, SSE(wire.TypeEventDelta, data))
}

// PreviewEnd forgets an announced event, whether it came or not.
func (j *Journal) PreviewEnd(session, id string) {
	t := j.hub.topic(session)
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.readers {
		delete(s.started, id)
	}
}

// preview hands a preview frame to the readers that want it. Deltas reach
// only those that got the start: the deltas of an event are a prefix of its
// text for each reader. A reader that lags is spared deltas, not cut off.
func (h *hub) preview(session, typ, id string, start bool, frame []byte) {
	t := h.topic(session)
	if t == nil {
		return
	}
	f := &Frame{Type: typ, Bytes: frame}
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.readers {
		if !s.previews[typ] || !start && !s.started[id] {
			continue
		}
		if len(s.frames) > buffer/2 { // leave room for the log itself
			delete(s.started, id)
			continue
		}
		s.frames <- f // room is certain: only publishers send, and they hold t.mu
		if start {
			if s.started == nil {
				s.started = map[string]bool{}
			}
			s.started[id] = true
		}
	}
}
