package sandboxes

import (
	"context"
	"time"
)

// reap stops sandboxes that were idle for long.
func (m *Manager) reap() {
	tick := time.NewTicker(min(m.Idle/4+time.Millisecond, time.Minute))
	defer tick.Stop()
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-tick.C:
		}
		for _, b := range m.idle() {
			if since, idle := b.idleSince(); idle && time.Since(since) > m.Idle {
				m.retire(b)
			}
		}
	}
}

// evict makes room for one more sandbox.
func (m *Manager) evict() {
	m.mu.Lock()
	n := len(m.live)
	m.mu.Unlock()
	if n <= m.MaxLive {
		return
	}
	var oldest *box
	var since time.Time
	for _, b := range m.idle() {
		if t, idle := b.idleSince(); idle && (oldest == nil || t.Before(since)) {
			oldest, since = b, t
		}
	}
	if oldest != nil {
		m.retire(oldest)
	}
}

// idle is the boxes without a running call.
func (m *Manager) idle() (out []*box) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range m.live {
		if _, idle := b.idleSince(); idle {
			out = append(out, b)
		}
	}
	return out
}

// retire stops an idle session's sandbox and forgets it, unless a call came
// meanwhile.
func (m *Manager) retire(b *box) {
	ctx, cancel := context.WithTimeout(m.ctx, time.Minute)
	defer cancel()
	if b.lock(ctx) != nil {
		return
	}
	defer b.unlock()
	m.mu.Lock()
	_, idle := b.idleSince()
	if idle {
		delete(m.live, b.session)
	}
	m.mu.Unlock()
	if idle {
		if err := m.Publish(ctx, b.session, m.dirOf(b.session)); err != nil && ctx.Err() == nil {
			m.Log.Error("outputs were not published", "session", b.session, "error", err)
		}
		b.release(ctx)
	}
}
