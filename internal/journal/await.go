package journal

import "context"

// AwaitReader returns when the session has a reader, or when ctx ends.
func (j *Journal) AwaitReader(ctx context.Context, session string) {
	h := &j.hub
	h.mu.Lock()
	if h.sessions[session] != nil {
		h.mu.Unlock()
		return
	}
	if h.awaited[session] == nil {
		h.awaited[session] = map[chan struct{}]bool{}
	}
	come, beside := make(chan struct{}), h.awaited[session]
	beside[come] = true
	h.mu.Unlock()
	select {
	case <-come:
	case <-ctx.Done():
		h.mu.Lock()
		defer h.mu.Unlock()
		if delete(beside, come); len(h.awaited[session]) == 0 {
			delete(h.awaited, session)
		}
	}
}

// welcome tells who awaits a reader of the session. h.mu is held.
func (h *hub) welcome(session string) {
	for come := range h.awaited[session] {
		close(come)
	}
	delete(h.awaited, session)
}
