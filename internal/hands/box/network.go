//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// Wire is what the network interfaces of a driver's sandboxes are made of.
type Wire string

// The wires. The launcher finds its end of either as descriptor [NetworkFD].
const (
	// Pair is a pair of connected sockets, each message a packet. A kernel
	// of our own takes the launcher's end for its interface.
	Pair Wire = "pair"
	// TUN is a device of the host's kernel in the sandbox's network namespace.
	// The launcher makes it and sends its descriptor over a pair of sockets
	// ([SendTUN]).
	TUN Wire = "tun"
)

// NetworkFD is the launcher's descriptor for [Plan.Wire].
const NetworkFD = 4

// wireBuffer is how many bytes of packets may be under way in a pair, in each
// direction. The kernel gives less if it is configured so.
const wireBuffer = 1 << 20

// wireFor is the wire that a sandbox gets.
func (c Config) wireFor(spec hands.Spec) Wire {
	if spec.Network == nil {
		return ""
	}
	return c.Wire
}

// network is the host's side of a sandbox's network interface. A nil network
// is that of a sandbox without one.
type network struct {
	wire   Wire
	take   hands.Network
	theirs *os.File // the launcher's, until it is started
	ours   *os.File // until it is given away
	taken  io.Closer
}

func newNetwork(w Wire, take hands.Network) (*network, error) {
	if w == "" {
		return nil, nil
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("network interface: %w", err)
	}
	for _, fd := range fds {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, wireBuffer); err != nil {
			return nil, errors.Join(fmt.Errorf("network interface: %w", err), unix.Close(fds[0]), unix.Close(fds[1]))
		}
	}
	return &network{
		wire: w, take: take,
		ours: os.NewFile(uintptr(fds[0]), "network"), theirs: os.NewFile(uintptr(fds[1]), "network"),
	}, nil
}

// file is what the launcher inherits as NetworkFD.
func (n *network) file() *os.File {
	if n == nil {
		return nil
	}
	return n.theirs
}

// attach gives our end of the interface away. The launcher has been started.
func (n *network) attach(ctx context.Context) error {
	if n == nil {
		return nil
	}
	_ = n.theirs.Close() // so that the launcher's end is seen
	packets := n.ours
	if n.wire == TUN {
		var err error
		if packets, err = n.receive(ctx); err != nil {
			return fmt.Errorf("network interface: %w", err)
		}
	}
	n.ours = nil
	var err error
	n.taken, err = n.take(packets)
	return err
}

// receive waits for the device that the launcher makes.
func (n *network) receive(ctx context.Context) (*os.File, error) {
	defer n.ours.Close()
	conn, err := net.FileConn(n.ours)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	control := make([]byte, unix.CmsgSpace(4))
	_, controlLen, _, _, err := conn.(*net.UnixConn).ReadMsgUnix(make([]byte, 1), control)
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the launcher made none")
	}
	if err != nil {
		return nil, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:controlLen])
	if err != nil || len(messages) != 1 {
		return nil, errors.Join(errors.New("the launcher sent none"), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	unix.CloseOnExec(fds[0])
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, errors.Join(err, unix.Close(fds[0]))
	}
	return os.NewFile(uintptr(fds[0]), "tun"), nil
}

// close ends the interface.
func (n *network) close() {
	if n == nil {
		return
	}
	_ = n.theirs.Close() // closed already, unless the launcher wasn't started
	if n.ours != nil {
		_ = n.ours.Close()
	}
	if n.taken != nil {
		_ = n.taken.Close()
	}
}

// SendTUN sends a device to the server, from the launcher.
func SendTUN(fd int) error {
	if err := send(NetworkFD, fd); err != nil {
		return err
	}
	return unix.Close(NetworkFD)
}

func send(socket, fd int) error {
	if err := unix.Sendmsg(socket, []byte{0}, unix.UnixRights(fd), nil, 0); err != nil {
		return fmt.Errorf("send the network interface: %w", err)
	}
	return nil
}
