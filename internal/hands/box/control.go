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
)

// ControlFD is the launcher's descriptor of a socket on which the server asks
// the driver's program for a checkpoint.
const ControlFD = 5

// control is the server's end of that socket. A nil control is that of a
// sandbox that can't be suspended.
type control struct {
	theirs *os.File // the launcher's, until it is started
	ours   *os.File
}

func newControl() (*control, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return &control{theirs: os.NewFile(uintptr(fds[0]), "control"), ours: os.NewFile(uintptr(fds[1]), "control")}, nil
}

// file is what the launcher inherits as ControlFD.
func (c *control) file() *os.File {
	if c == nil {
		return nil
	}
	return c.theirs
}

// attach lets go of the launcher's end. The launcher has been started.
func (c *control) attach() {
	if c != nil {
		_ = c.theirs.Close()
	}
}

func (c *control) close() {
	if c != nil {
		_ = c.theirs.Close() // closed already, unless the launcher wasn't started
		_ = c.ours.Close()
	}
}

// maxCheckpointFiles bounds [Config.Checkpoint].
const maxCheckpointFiles = 8

// maxSaid bounds the answer to a request for a checkpoint, in bytes.
const maxSaid = 4 << 10

// save asks for a checkpoint in files and waits for it.
func (c *control) save(ctx context.Context, files []*os.File) error {
	conn, err := net.FileConn(c.ours)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	if _, _, err := conn.(*net.UnixConn).WriteMsgUnix([]byte{0}, unix.UnixRights(fds...), nil); err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	said := make([]byte, maxSaid)
	n, err := conn.Read(said)
	switch {
	case err == io.EOF || err == nil && n == 0:
		return errors.New("the sandbox ended meanwhile")
	case err != nil:
		return errors.Join(context.Cause(ctx), err)
	case string(said[:n]) != saved:
		return errors.New(string(said[:n]))
	}
	return nil
}

// saved is the answer if all went well; any other says what didn't.
const saved = "saved"

// AnswerControl waits, in the launcher, for the server to ask for a checkpoint
// and makes it by calling save with the files to fill. It returns when the
// answer has been sent or there is nobody who will ask.
func AnswerControl(socket *os.File, save func(files []*os.File) error) {
	files, err := receiveFiles(int(socket.Fd()))
	if err != nil {
		return // the server is gone, and we with it
	}
	answer := saved
	if err := save(files); err != nil {
		answer = err.Error()
	}
	// If nobody reads the answer nobody believes in the checkpoint either.
	_ = unix.Send(int(socket.Fd()), []byte(answer)[:min(len(answer), maxSaid)], unix.MSG_NOSIGNAL)
}

// receiveFiles reads one message of descriptors.
func receiveFiles(socket int) ([]*os.File, error) {
	control := make([]byte, unix.CmsgSpace(4*maxCheckpointFiles))
	var n int
	for {
		var err error
		_, n, _, _, err = unix.Recvmsg(socket, make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		break
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return nil, errors.Join(errors.New("no descriptors came"), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	files := make([]*os.File, len(fds))
	for i, fd := range fds {
		files[i] = os.NewFile(uintptr(fd), "checkpoint")
	}
	return files, nil
}
