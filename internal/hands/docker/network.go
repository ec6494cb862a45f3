package docker

import (
	"errors"
	"io"
	"os"
	"sync"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/docker/inside"
)

// network is the host's side of a container's network interface.
type network struct {
	device *os.File // each message is a packet
	taken  io.Closer
	work   sync.WaitGroup
}

// connect carries the packets that come from and go to the streams of a
// container, and gives the other end away. If a stream ends it calls lost.
func connect(take hands.Network, to *inside.Requests, from io.Reader, said io.Writer, lost func()) (*network, error) {
	ours, theirs, err := packetPair()
	if err != nil {
		return nil, err
	}
	n := &network{device: ours}
	if n.taken, err = take(theirs); err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	n.work.Go(func() { defer lost(); _ = to.Packets(ours) })
	n.work.Go(func() { defer lost(); _ = inside.ReceivePackets(ours, said, from) })
	return n, nil
}

// close ends the interface. The streams have ended.
func (n *network) close() {
	_ = n.device.Close()
	n.work.Wait()
	_ = n.taken.Close()
}
