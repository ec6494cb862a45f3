package modeltest

import (
	"context"
	"sync"
)

// Hang holds one reply back until it is released or the client is gone.
type Hang struct {
	arrived, gone, released chan struct{}
	arrive, leave, release  sync.Once
}

// NewHang makes a Hang for one reply. Use it with Reply.HangAt.
func NewHang() *Hang {
	return &Hang{arrived: make(chan struct{}), gone: make(chan struct{}), released: make(chan struct{})}
}

// Arrived is closed when the request has come as far as the hang.
func (h *Hang) Arrived() <-chan struct{} { return h.arrived }

// Gone is closed when the client left while the reply was held back.
func (h *Hang) Gone() <-chan struct{} { return h.gone }

// Release lets the reply go on.
func (h *Hang) Release() { h.release.Do(func() { close(h.released) }) }

// wait reports whether the reply may go on.
func (h *Hang) wait(ctx context.Context) bool {
	h.arrive.Do(func() { close(h.arrived) })
	select {
	case <-h.released:
		return true
	case <-ctx.Done():
		h.leave.Do(func() { close(h.gone) })
		return false
	}
}
