package netstack

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// lookup asks the name server for a name's address.
func (b *sandbox) lookup(name string) netip.Addr {
	b.tb.Helper()
	u := b.packets("198.18.0.1:53")
	if _, err := u.Write(query(b.tb, name+".", dnsmessage.TypeA, false)); err != nil {
		b.tb.Fatal(err)
	}
	buf := make([]byte, 512)
	n, err := u.Read(buf)
	if err != nil {
		b.tb.Fatal(err)
	}
	m := parse(b.tb, buf[:n])
	if len(m.Answers) != 1 {
		b.tb.Fatalf("%s: %s", name, m.GoString())
	}
	return netip.AddrFrom4(m.Answers[0].Body.(*dnsmessage.AResource).A)
}

// echo sends everything back and ends when the client has.
func echo(c net.Conn) {
	_, _ = io.Copy(c, c)
	_ = c.(interface{ CloseWrite() error }).CloseWrite()
	_, _ = io.Copy(io.Discard, c)
}

// A connection goes to the gate by the name that its address was given for, or
// by the address itself, and carries bytes both ways until each end is done.
func TestFlow(t *testing.T) {
	g := newFake(echo, "a.test")
	_, b := start(t, g)
	name := netip.AddrPortFrom(b.lookup("a.test"), 443).String()
	for to, asked := range map[string]string{
		name: "a.test:443", "8.8.8.8:22": "8.8.8.8:22", "[2001:db8::1]:443": "2001:db8::1:443", "10.0.0.1:80": "10.0.0.1:80",
	} {
		c := b.mustDial(to)
		if got := <-g.asked; got != asked {
			t.Errorf("%s: the gate was asked for %s", to, got)
		}
		if c.RemoteAddr().String() != to {
			t.Errorf("%s: the other end is %s", to, c.RemoteAddr())
		}
		sent := make([]byte, 3<<20)
		if _, err := rand.Read(sent); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Write(sent); err != nil {
				t.Error(err)
			}
			if err := c.CloseWrite(); err != nil {
				t.Error(err)
			}
		})
		got, err := io.ReadAll(c)
		wg.Wait()
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%s: %d of %d bytes came back (%v)", to, len(got), len(sent), err)
		}
	}
}

// What the gate doesn't take, and what it isn't asked about, is reset at once.
func TestRefusedFlow(t *testing.T) {
	g := newFake(nil, "a.test")
	_, b := start(t, g)
	name := b.lookup("a.test")
	for to, asked := range map[string]string{
		netip.AddrPortFrom(name, 443).String(): "a.test:443",
		"8.8.8.8:443":                          "8.8.8.8:443",
		"198.18.0.1:80":                        "", // the gateway
		"198.18.0.1:5353":                      "",
		"198.19.1.1:443":                       "", // an address that no name has
		"[fdc6:1200:5b0c::1]:53":               "",
	} {
		_, err := b.dial(t.Context(), to)
		if err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v", to, err)
		}
		if asked != "" {
			if got := <-g.asked; got != asked {
				t.Errorf("%s: the gate was asked for %s", to, got)
			}
		}
	}
	if len(g.asked) != 0 {
		t.Errorf("the gate was asked for %s too", <-g.asked)
	}
}

// An address that was taken from its name leads nowhere.
func TestForgottenName(t *testing.T) {
	g := newFake(echo, "a.test", "b.test", "c.test")
	s, b := start(t, g)
	s.names.limit = 2
	a := netip.AddrPortFrom(b.lookup("a.test"), 443).String()
	b.mustDial(a)
	b.lookup("b.test")
	b.lookup("c.test")
	if _, err := b.dial(t.Context(), a); err == nil {
		t.Error("connected to a forgotten name")
	}
}

// There are only so many connections, and an end makes room.
func TestFlowLimit(t *testing.T) {
	s, b := start(t, newFake(echo))
	for range maxFlows {
		s.slots <- struct{}{}
	}
	if _, err := b.dial(t.Context(), "8.8.8.8:80"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("one more: %v", err)
	}
	<-s.slots
	b.mustDial("8.8.8.8:80")
	if len(s.slots) != maxFlows {
		t.Errorf("%d connections", len(s.slots))
	}
}

// The connections that the gate gets behave as those of package net do.
func TestConn(t *testing.T) {
	step, done := make(chan struct{}), make(chan struct{})
	_, b := start(t, newFake(func(c net.Conn) {
		defer close(done)
		if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Error(err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after the deadline: %v", err)
		}
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			t.Error(err)
		}
		if n, err := c.Read(make([]byte, 4)); n != 1 || err != nil {
			t.Errorf("a byte: %d, %v", n, err)
		}
		<-step // the other end is gone
		var err error
		for err == nil {
			_, err = c.Write(make([]byte, 1<<20))
		}
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("writing to nobody: %v", err)
		}
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Error(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("read after Close")
		}
	}))
	c := b.mustDial("8.8.8.8:80")
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	close(step)
	<-done
}

// Close ends a read that waits.
func TestConnCloseInRead(t *testing.T) {
	conns := make(chan net.Conn, 1)
	hold := make(chan struct{})
	_, b := start(t, newFake(func(c net.Conn) { conns <- c; <-hold }))
	b.mustDial("8.8.8.8:80")
	c := <-conns
	read := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		read <- err
	}()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-read; err == nil {
		t.Error("a byte out of nowhere")
	}
	close(hold)
}

// slow is a Gate that takes until the end of the flow's context to decide.
type slow struct{ asked chan struct{} }

func (slow) Lookup(policy.Host) error { return nil }
func (g slow) ServeFlow(ctx context.Context, _ policy.Host, _ uint16, _ func() (net.Conn, error)) error {
	g.asked <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// Close ends flows in every state; the leak check of TestMain sees to the rest.
func TestClose(t *testing.T) {
	t.Run("deciding", func(t *testing.T) {
		g := slow{make(chan struct{}, 1)}
		s, b := start(t, g)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = b.dial(ctx, "8.8.8.8:80") })
		<-g.asked
		mustClose(t, s)
		cancel()
		wg.Wait()
	})
	t.Run("accepting", func(t *testing.T) {
		g := newFake(echo)
		ours, theirs := wire(t)
		s, err := New(ours, g)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := theirs.Write(syn(t, "198.18.0.2:1000", "8.8.8.8:80")); err != nil {
			t.Fatal(err)
		}
		<-g.asked
		if _, err := theirs.Read(make([]byte, 2000)); err != nil { // the answer, which gets none
			t.Fatal(err)
		}
		mustClose(t, s)
		if n, err := theirs.Read(make([]byte, 2000)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("after Close: %d bytes, %v", n, err)
		}
		if err := theirs.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("carrying", func(t *testing.T) {
		state := make(chan string, 2)
		s, b := start(t, newFake(func(c net.Conn) {
			state <- "begun"
			_, _ = io.Copy(io.Discard, c)
			state <- "ended"
		}))
		b.mustDial("8.8.8.8:80")
		b.mustDial("198.18.0.1:53")
		<-state
		mustClose(t, s)
		if len(state) != 1 {
			t.Error("the flow outlives the stack")
		}
		if err := s.Close(); err != nil {
			t.Error("again:", err)
		}
	})
	t.Run("writing to a sandbox that doesn't read", func(t *testing.T) {
		full := make(chan struct{})
		g := newFake(func(c net.Conn) {
			close(full)
			for err := error(nil); err == nil; {
				_, err = c.Write(make([]byte, 1<<20))
			}
		})
		ours, theirs := wire(t)
		s, err := New(ours, g)
		if err != nil {
			t.Fatal(err)
		}
		handshake(t, theirs, "198.18.0.2:1000", "8.8.8.8:80")
		<-full
		mustClose(t, s)
		if err := theirs.Close(); err != nil {
			t.Error(err)
		}
	})
}

func mustClose(t *testing.T, s *Stack) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Connections that were closed here but not taken by the sandbox are bounded.
func TestGraveyard(t *testing.T) {
	filled := make(chan struct{})
	s, b := start(t, newFake(func(c net.Conn) {
		_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		for err := error(nil); err == nil; {
			_, err = c.Write(make([]byte, 64<<10))
		}
		_ = c.Close()
		filled <- struct{}{}
	}))
	first := b.mustDial("8.8.8.8:80")
	<-filled
	grave := s.ended.ends[0]
	if grave == nil {
		t.Fatal("it wasn't buried")
	}
	for range maxHandshakes - 1 {
		s.ended.bury(grave)
	}
	b.mustDial("8.8.8.8:80")
	<-filled
	if _, err := io.Copy(io.Discard, first); err == nil {
		t.Error("the first connection was not reset")
	}
}
