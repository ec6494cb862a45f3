package sandboxes

import (
	"errors"
	"io"
	"os"
	"sync"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/netstack"
)

// lateWire is the network of a sandbox that has no session yet: its packets
// are read by nobody until there is a port.
type lateWire struct {
	mu      sync.Mutex
	packets *os.File  // until it is connected
	stack   io.Closer // from then on
	closed  bool
}

// attach implements [hands.Network].
func (w *lateWire) attach(packets *os.File) (io.Closer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.packets, w.closed = packets, false
	return w, nil
}

// connect leads the packets to port.
func (w *lateWire) connect(port *gate.Port) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.packets == nil {
		return errors.New("the sandbox has no network interface")
	}
	packets := w.packets
	w.packets = nil // the stack owns it, also if it fails
	stack, err := netstack.New(packets, port)
	if err != nil {
		return err
	}
	w.stack = stack
	return nil
}

// Close implements [io.Closer].
func (w *lateWire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	switch {
	case w.stack != nil:
		return w.stack.Close()
	case w.packets != nil:
		return w.packets.Close()
	}
	return nil
}
