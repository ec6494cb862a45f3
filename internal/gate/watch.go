package gate

import (
	"sync/atomic"
	"time"
)

// watchdog fires once if it isn't touched for a while. Touching is cheap: the
// timer looks at the last touch when it runs out, and runs on if that is
// recent.
type watchdog struct {
	idle  time.Duration
	fire  func()
	base  time.Time
	last  atomic.Int64 // nanoseconds after base
	timer *time.Timer
}

func newWatchdog(idle time.Duration, fire func()) *watchdog {
	w := &watchdog{idle: idle, fire: fire, base: time.Now()}
	ready := make(chan struct{})
	w.timer = time.AfterFunc(idle, func() {
		<-ready
		w.check()
	})
	close(ready)
	return w
}

func (w *watchdog) touch() { w.last.Store(int64(time.Since(w.base))) }

func (w *watchdog) check() {
	left := w.idle - (time.Since(w.base) - time.Duration(w.last.Load()))
	if left <= 0 {
		w.fire()
		return
	}
	w.timer.Reset(left)
}

// stop ends the watchdog. It may still fire if it is about to.
func (w *watchdog) stop() { w.timer.Stop() }
