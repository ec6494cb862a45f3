package box

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

func TestWireFor(t *testing.T) {
	take := hands.Network(func(*os.File) (io.Closer, error) { return nil, nil })
	for _, c := range []struct {
		wire Wire
		take hands.Network
		want Wire
	}{{Pair, take, Pair}, {TUN, take, TUN}, {Pair, nil, ""}, {"", take, ""}} {
		if got := (Config{Wire: c.wire}).wireFor(hands.Spec{Network: c.take}); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// Our end of a pair is what is given away; packets keep their bounds.
func TestPair(t *testing.T) {
	var ours *os.File
	n, err := newNetwork(Pair, func(f *os.File) (io.Closer, error) { ours = f; return f, nil })
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(n.file().Fd())) // as the launcher gets it
	if err != nil {
		t.Fatal(err)
	}
	theirs := os.NewFile(uintptr(fd), "theirs")
	if err := n.attach(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, packet := range []string{"one", "two"} {
		if _, err := theirs.WriteString(packet); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 100)
	for _, packet := range []string{"one", "two"} {
		if got, err := ours.Read(buf); err != nil || string(buf[:got]) != packet {
			t.Errorf("%q, %v", buf[:got], err)
		}
	}
	n.close()
	if _, err := theirs.Read(buf); !errors.Is(err, io.EOF) {
		t.Errorf("after close: %v", err)
	}
	if err := theirs.Close(); err != nil {
		t.Error(err)
	}
}

// A device is what the launcher sends.
func TestTUN(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var got *os.File
	n, err := newNetwork(TUN, func(f *os.File) (io.Closer, error) { got = f; return f, nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(send(int(n.theirs.Fd()), int(r.Fd())), r.Close()); err != nil {
		t.Fatal(err)
	}
	if err := n.attach(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if k, err := got.Read(make([]byte, 2)); k != 1 || err != nil {
		t.Errorf("%d, %v", k, err)
	}
	n.close()
	if _, err := w.WriteString("x"); err == nil {
		t.Error("the device is still open")
	}
}

func TestNoTUN(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		send func(socket int) error
		want string
	}{
		"the launcher ended": {t.Context(), func(int) error { return nil }, "made none"},
		"only words":         {t.Context(), func(socket int) error { return unix.Sendmsg(socket, []byte{0}, nil, nil, 0) }, "sent none"},
		"too late":           {canceled, nil, "timeout"},
	} {
		n, err := newNetwork(TUN, func(*os.File) (io.Closer, error) { t.Error("taken"); return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		socket, err := unix.Dup(int(n.theirs.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		if c.send != nil {
			if err := errors.Join(c.send(socket), unix.Close(socket)); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.attach(c.ctx); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		n.close()
		if c.send == nil {
			if err := unix.Close(socket); err != nil {
				t.Error(err)
			}
		}
	}
}

// Without an interface there is nothing to do.
func TestNoNetwork(t *testing.T) {
	n, err := newNetwork("", nil)
	if n != nil || err != nil || n.file() != nil || n.attach(t.Context()) != nil {
		t.Errorf("%v, %v", n, err)
	}
	n.close()
}
