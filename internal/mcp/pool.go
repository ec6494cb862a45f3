package mcp

import (
	"errors"
	"time"
)

var errClosed = errors.New("mcp: the pool is closed")

// acquire is the session's link to a server, which stays until release. Close
// waits for that.
func (p *Pool) acquire(session string, s Server) (*link, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	k := key{session, s.Name}
	l := p.links[k]
	if l != nil && l.server != s { // an update gave the name another URL
		p.remove(k, l)
		l = nil
	}
	if l == nil {
		l = newLink(p, session, s)
		l.idle = time.AfterFunc(p.cfg.IdleTimeout, func() { p.expire(k, l) })
		p.links[k] = l
	}
	p.wg.Add(1)
	l.users++
	l.idle.Stop()
	return l, nil
}

func (p *Pool) release(l *link) {
	defer p.wg.Done()
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.users--; l.users == 0 {
		l.idle.Reset(p.cfg.IdleTimeout)
	}
}

// expire closes a link that nobody has used for the idle timeout.
func (p *Pool) expire(k key, l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.users == 0 && p.links[k] == l {
		p.remove(k, l)
	}
}

// remove takes a link out and closes it in the background. The caller holds
// the lock.
func (p *Pool) remove(k key, l *link) {
	delete(p.links, k)
	l.idle.Stop()
	p.wg.Go(l.close)
}
