package sandboxes

import (
	"context"
	"time"
)

// patience is how long a sandbox stays without calls.
func (m *Manager) patience() time.Duration {
	if m.suspender() != nil {
		return m.SuspendAfter
	}
	return m.Idle
}

// reap puts away sandboxes that were idle for long.
func (m *Manager) reap() {
	patience := m.patience()
	tick := time.NewTicker(min(patience/4+time.Millisecond, time.Minute))
	defer tick.Stop()
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-tick.C:
		}
		for _, b := range m.idle() {
			if since, idle := b.idleSince(); idle && time.Since(since) > patience {
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

// publishTime bounds how long outputs are published before a sandbox is put
// away.
const publishTime = time.Minute

// retire suspends an idle session's sandbox, or stops it if it can't be
// suspended, and forgets it, unless a call came meanwhile.
func (m *Manager) retire(b *box) {
	if b.lock(m.ctx) != nil {
		return
	}
	defer b.unlock()
	if _, idle := b.idleSince(); !idle {
		return
	}
	ctx, cancel := context.WithTimeout(m.ctx, publishTime)
	defer cancel()
	if err := m.Publish(ctx, b.session, m.dirOf(b.session)); err != nil && ctx.Err() == nil {
		m.Log.Error("outputs were not published", "session", b.session, "error", err)
	}
	// A call that came meanwhile waits for b and finds the sandbox as it was.
	if _, idle := b.idleSince(); idle {
		// What is begun is brought to its end: half a checkpoint is a loss.
		b.putAway(m.putting)
		m.forget(b)
	}
}

// forget drops a box without a sandbox, unless a call is about to use it.
func (m *Manager) forget(b *box) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, idle := b.idleSince(); idle && m.live[b.session] == b {
		delete(m.live, b.session)
	}
}
