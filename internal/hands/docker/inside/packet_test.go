package inside

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// packets is a device: what is to be read, and what was written.
type packets struct {
	toRead  []string
	written []string
}

func (p *packets) Read(b []byte) (int, error) {
	if len(p.toRead) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.toRead[0])
	p.toRead = p.toRead[1:]
	return n, nil
}

func (p *packets) Write(b []byte) (int, error) {
	p.written = append(p.written, string(b))
	return 0, errors.New("a packet that isn't taken is lost, and that's all")
}

// What is sent to a guest arrives, each kind at its place and in order.
func TestRequestsAndSplit(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	sent := []string{"first", strings.Repeat("x", subnet.MTU), "", "last"}
	to := &Requests{To: ours}
	go func() {
		defer ours.Close()
		_ = frame.Write(to, frame.Request{ID: 1})
		_ = to.Packets(&packets{toRead: sent})
		_ = frame.Write(to, frame.Request{ID: 2, Reason: strings.Repeat("long ", 100_000)})
		_ = to.Packets(&packets{toRead: []string{"more"}})
	}()
	var device packets
	var frames, want bytes.Buffer
	if err := Split(&frames, &device, theirs); err != io.EOF {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(sent, "more"), device.written); diff != "" {
		t.Error(diff)
	}
	if err := errors.Join(frame.Write(&want, frame.Request{ID: 1}), frame.Write(&want, frame.Request{ID: 2, Reason: strings.Repeat("long ", 100_000)})); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(frames.Bytes(), want.Bytes()) {
		t.Errorf("%d bytes of frames, want %d", frames.Len(), want.Len())
	}
}

func TestPacketsAndWords(t *testing.T) {
	sent := []string{"one", strings.Repeat("y", subnet.MTU), "three"}
	for _, words := range []string{"", "init: it doesn't work\n", "x"} {
		var stream, said bytes.Buffer
		if err := SendPackets(&stream, &packets{toRead: sent}); err != io.EOF {
			t.Fatal(err)
		}
		stream.WriteString(words)
		var device packets
		if err := ReceivePackets(&device, &said, &stream); !errors.Is(err, io.EOF) {
			t.Errorf("%q: %v", words, err)
		}
		if diff := cmp.Diff(sent, device.written); diff != "" || said.String() != words {
			t.Errorf("%q: %q was said; %s", words, said.String(), diff)
		}
	}
}

func TestBrokenStreams(t *testing.T) {
	for name, in := range map[string]string{
		"half a length":    "\x00\x00",
		"half a frame":     "\x00\x00\x00\x05{}",
		"a huge frame":     "\x7f\xff\xff\xff",
		"half a packet":    "\x80\x00\x00\x05abc",
		"a packet too big": "\x80\x00\x40\x01" + strings.Repeat("z", subnet.MTU+1),
	} {
		if err := Split(io.Discard, io.Discard, strings.NewReader(in)); err == nil || err == io.EOF {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := ReceivePackets(io.Discard, io.Discard, strings.NewReader("\x00\x05abc")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a packet from inside: %v", err)
	}
}

// What comes from inside can't make the server crash, or take more than a
// packet of memory.
func FuzzReceivePackets(f *testing.F) {
	f.Add([]byte("\x00\x03abc\x00\x00words"))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var device packets
		var said bytes.Buffer
		if err := ReceivePackets(&device, &said, bytes.NewReader(in)); err == nil {
			t.Error("no end")
		}
		n := said.Len()
		for _, p := range device.written {
			n += 2 + len(p)
		}
		if n > len(in) {
			t.Errorf("%d bytes of %d", n, len(in))
		}
	})
}
