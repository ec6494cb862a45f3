package box

import (
	"fmt"
	"sync"
	"time"
)

// How often a meter is read: often while calls run, rarely else (what a
// background process takes must be seen too), and not so often that reading
// takes much of the time: it is worth waiting for, but not for ever.
const (
	meterBusy  = time.Second
	meterIdle  = 10 * time.Second
	meterShare = 10 // a tenth of the time, unless
	meterWait  = 5 * time.Second
)

// watched is a sandbox that a meter is for.
type watched interface {
	kill(reason error)
	stopAll(reason string)
	gone() <-chan struct{} // closed when every process is dead
}

// meter keeps an eye on something that a sandbox uses.
type meter struct {
	box  watched
	read func() (int64, error)
	seen func(used int64) // decides what to do about it

	mu    sync.Mutex
	calls int
	wake  chan struct{} // a call began
}

func newMeter(box watched, read func() (int64, error), seen func(int64)) *meter {
	return &meter{box: box, read: read, seen: seen, wake: make(chan struct{}, 1)}
}

// begin notes that a call runs until the returned function is called.
func (m *meter) begin() func() {
	m.mu.Lock()
	m.calls++
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return func() {
		m.mu.Lock()
		m.calls--
		m.mu.Unlock()
	}
}

// watch reads the meter until the sandbox is gone; the first time at once, as
// it may be the next one of a sandbox that used too much.
func (m *meter) watch() {
	next := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-m.box.gone():
			return
		case <-m.wake:
			if soon := time.Now().Add(meterBusy); soon.Before(next) {
				next = soon
				timer.Reset(meterBusy)
			}
			continue
		case <-timer.C:
		}
		began := time.Now()
		used, err := m.read()
		if err != nil {
			m.box.kill(fmt.Errorf("its use can't be measured: %w", err))
			return
		}
		m.seen(used)
		pause := max(m.pause(), min(meterShare*time.Since(began), meterWait))
		next = time.Now().Add(pause)
		timer.Reset(pause)
	}
}

func (m *meter) pause() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calls > 0 {
		return meterBusy
	}
	return meterIdle
}
