package inside

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// Both streams that carry packets carry something else besides.
//
// The standard input carries frames (package frame), whose length takes four
// bytes. A packet comes after its length with packetMark in it.
//
// On the standard error packets come after their length in two bytes. A length
// that no packet has begins words of a program that fails, up to the end.

const packetMark = 1 << 31

// Requests is the way to a guest's standard input, shared by frames and
// packets. It is safe for concurrent use.
type Requests struct {
	// To is the stream. Its deadline is that of the write under way.
	To interface {
		io.WriteCloser
		SetWriteDeadline(time.Time) error
	}

	mu       sync.Mutex
	deadline time.Time
}

// packetTime is how long a guest may not read.
const packetTime = 10 * time.Second

// SetWriteDeadline bounds later calls of Write.
func (r *Requests) SetWriteDeadline(t time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deadline = t
	return nil
}

// Write sends a whole frame.
func (r *Requests) Write(frame []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.To.SetWriteDeadline(r.deadline); err != nil {
		return 0, err
	}
	return r.To.Write(frame)
}

// Close closes the stream.
func (r *Requests) Close() error { return r.To.Close() }

// Packets sends packets, one a read of device, until that or the stream ends.
func (r *Requests) Packets(device io.Reader) error {
	const head = 4
	buf := make([]byte, head+subnet.MTU)
	for {
		n, err := device.Read(buf[head:])
		if err != nil {
			return err
		}
		binary.BigEndian.PutUint32(buf, packetMark|uint32(n))
		if err := r.send(buf[:head+n]); err != nil {
			return err
		}
	}
}

func (r *Requests) send(b []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.To.SetWriteDeadline(time.Now().Add(packetTime)); err != nil {
		return err
	}
	_, err := r.To.Write(b)
	return err
}

// Split takes a stream of Requests apart: packets go to device, one a write,
// and are lost if it doesn't take them; frames go to frames. It returns io.EOF
// if the stream ended between two.
func Split(frames, device io.Writer, in io.Reader) error {
	r := bufio.NewReaderSize(in, 128<<10)
	packet := make([]byte, subnet.MTU)
	for {
		head, err := r.Peek(4)
		if err != nil {
			if len(head) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		size := binary.BigEndian.Uint32(head)
		if size&packetMark == 0 {
			if size > frame.Max {
				return frame.ErrTooLarge
			}
			if _, err := io.CopyN(frames, r, int64(len(head))+int64(size)); err != nil {
				return fmt.Errorf("in a frame: %w", err)
			}
			continue
		}
		if size &^= packetMark; size > subnet.MTU {
			return fmt.Errorf("a packet of %d bytes", size)
		}
		if _, err := r.Discard(len(head)); err != nil {
			return err
		}
		if _, err := io.ReadFull(r, packet[:size]); err != nil {
			return fmt.Errorf("in a packet: %w", err)
		}
		_, _ = device.Write(packet[:size])
	}
}

// SendPackets sends packets, one a read of device, until that or the stream
// ends.
func SendPackets(w io.Writer, device io.Reader) error {
	const head = 2
	buf := make([]byte, head+subnet.MTU)
	for {
		n, err := device.Read(buf[head:])
		if err != nil {
			return err
		}
		binary.BigEndian.PutUint16(buf, uint16(n))
		if _, err := w.Write(buf[:head+n]); err != nil {
			return err
		}
	}
}

// ReceivePackets is the other end of SendPackets: packets go to device, one a
// write, and are lost if it doesn't take them; words go to said.
func ReceivePackets(device, said io.Writer, in io.Reader) error {
	r := bufio.NewReaderSize(in, 128<<10)
	packet := make([]byte, subnet.MTU)
	for {
		head, err := r.Peek(2)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(head) == 0 {
			return io.EOF
		}
		if len(head) < 2 || binary.BigEndian.Uint16(head) > subnet.MTU {
			_, err := io.Copy(said, r)
			return errors.Join(err, io.EOF)
		}
		size := binary.BigEndian.Uint16(head)
		if _, err := r.Discard(2); err != nil {
			return err
		}
		if _, err := io.ReadFull(r, packet[:size]); err != nil {
			return fmt.Errorf("in a packet: %w", err)
		}
		_, _ = device.Write(packet[:size])
	}
}
