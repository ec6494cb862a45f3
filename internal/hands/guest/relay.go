package guest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// maxRelayed bounds the connections through the relay at one time; those over
// it wait.
const maxRelayed = 256

// startRelay listens on address inside the sandbox and copies bytes between
// each connection and one of its own to the gate's socket. The gate speaks the
// proxy protocol; the relay doesn't look.
func startRelay(address, gate string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	go relay(listener, gate)
	return nil
}

func relay(listener net.Listener, gate string) {
	slots := make(chan struct{}, maxRelayed)
	for {
		slots <- struct{}{}
		conn, err := listener.Accept()
		if err != nil {
			<-slots
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of descriptors or memory: what was accepted will free some.
			fmt.Fprintln(os.Stderr, "guest: relay:", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go func() {
			defer func() { <-slots }()
			relayOne(conn, gate)
		}()
	}
}

func relayOne(client net.Conn, gate string) {
	defer client.Close()
	upstream, err := net.Dial("unix", gate)
	if err != nil {
		// The client sees a closed connection, which is what a proxy that is
		// down looks like.
		fmt.Fprintln(os.Stderr, "guest: relay:", err)
		return
	}
	defer upstream.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		copyHalf(upstream, client)
	}()
	copyHalf(client, upstream)
	<-done
}

// copyHalf copies one direction and passes its end on; the other direction may
// go on. A broken connection ends both.
func copyHalf(dst, src net.Conn) {
	_, err := io.Copy(dst, src)
	if half, ok := dst.(interface{ CloseWrite() error }); ok && err == nil {
		if half.CloseWrite() == nil {
			return
		}
	}
	_ = dst.Close()
	_ = src.Close()
}
