package gate

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
)

// tunnel copies both ways between the client and a host until both have said
// that nothing more comes, or one breaks, or the flow is cut off. It closes
// both. That a side resets its connection is an end like another. check, which
// may be nil, looks at the first bytes of the client before any goes to the
// host; the other direction doesn't wait for it, so that hosts that speak first
// work.
func (f *flow) tunnel(c, host duplex, check func() error) error {
	stop := onDone(f.ctx, func() {
		_, _ = c.Close(), host.Close() // that is how copying ends
	})
	defer stop()
	defer f.cancel(nil)
	dog := newWatchdog(f.port.gate.cfg.IdleTimeout, func() { f.cancel(errIdle) })
	defer dog.stop()

	var wg sync.WaitGroup
	var downErr error
	wg.Go(func() {
		if downErr = copyHalf(c, host, &f.down, dog); downErr != nil {
			f.cancel(downErr)
		}
	})
	var upErr error
	if check != nil {
		upErr = check()
	}
	if upErr == nil {
		upErr = copyHalf(host, c, &f.up, dog)
	}
	if upErr != nil {
		f.cancel(upErr)
	}
	wg.Wait()
	err := errors.Join(upErr, downErr)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return nil // a side that is done and leaves without reading the rest looks like this
	}
	return err
}

// buffers are what tunnels copy through.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// copyHalf copies one direction and passes its end on.
func copyHalf(to, from duplex, n *atomic.Int64, dog *watchdog) error {
	buf, ok := buffers.Get().(*[32 << 10]byte)
	if !ok {
		return errors.New("the buffer pool holds something else")
	}
	defer buffers.Put(buf)
	for {
		r, readErr := from.Read(buf[:])
		if r > 0 {
			dog.touch()
			w, err := to.Write(buf[:r])
			n.Add(int64(w))
			if err != nil {
				return err
			}
			dog.touch()
		}
		switch {
		case readErr == io.EOF:
			return to.CloseWrite()
		case readErr != nil:
			return readErr
		}
	}
}
