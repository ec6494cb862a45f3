package gate

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

func TestSocket(t *testing.T) {
	dir := t.TempDir()
	g := New(Config{})
	path := filepath.Join(dir, "s")
	p, err := g.Open(path, Session{})
	if err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(path)
	if err != nil || fi.Mode() != fs.ModeSocket|0o666 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if _, err := g.Open(path, Session{}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second port at the path: %v", err)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}

	// What a dead process left is replaced; anything else is not.
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Open(path, Session{}); err != nil {
		t.Errorf("over a stale socket: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, strings.Repeat("x", 108))
	for path, want := range map[string]string{
		file: "isn't a socket", long: "choose a shorter directory", "": "0 bytes", "@abstract": "abstract",
		filepath.Join(dir, "none", "s"): "no such file",
	} {
		if _, err := g.Open(path, Session{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", path, err)
		}
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if _, err := g.Open(path, Session{}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

// Close ends tunnels, requests and silent connections, and waits for them.
func TestClose(t *testing.T) {
	arrived := make(chan struct{})
	list := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}, "slow.test")
	for name, to := range serveTCP(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }, "tunnel.test") {
		list[name] = to
	}
	s := start(t, policy.Unrestricted(), list, nil)
	silent := s.dial()
	asking := s.dial()
	if _, err := io.WriteString(asking, "GET http://slow.test/ HTTP/1.1\r\nHost: slow.test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-arrived
	tunnel, _ := s.connect("tunnel.test:9000")
	if err := s.port.Close(); err != nil {
		t.Fatal(err)
	}
	for name, conn := range map[string]net.Conn{"silent": silent, "asking": asking, "tunnel": tunnel} {
		// The request may still be told why; no connection stays open.
		if b, err := io.ReadAll(conn); len(b) != 0 && (name != "asking" || status(string(b)) != "502") {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for range 2 {
		if r := s.record(); r.Reason != ReasonClosed {
			t.Errorf("record %+v", r)
		}
	}
}

// SetPolicy holds for the next request and cuts off what it doesn't allow.
func TestSetPolicy(t *testing.T) {
	arrived := make(chan struct{})
	list := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			close(arrived)
			<-r.Context().Done()
		}
		_, _ = io.WriteString(w, r.Host)
	}, "a.test", "b.test")
	for name, to := range serveTCP(t, func(conn *net.TCPConn) { _, _ = io.Copy(conn, conn) }, "t.test") {
		list[name] = to
	}
	s := start(t, policy.Unrestricted(), list, nil)
	tunnel, br := s.connect("t.test:9000")
	waiting := s.dial()
	if _, err := io.WriteString(waiting, "GET http://a.test/wait HTTP/1.1\r\nHost: a.test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-arrived

	s.port.SetPolicy(limited(t, "b.test"))
	if b, err := io.ReadAll(br); len(b) != 0 {
		t.Errorf("the tunnel: %q, %v", b, err)
	}
	if b, err := io.ReadAll(waiting); status(string(b)) != "403" || !strings.Contains(string(b), "was changed") {
		t.Errorf("the request: %q, %v", b, err)
	}
	for range 2 {
		if r := s.record(); r.Reason != ReasonPolicy {
			t.Errorf("record %+v", r)
		}
	}
	client := s.client(nil)
	for host, want := range map[string]int{"a.test": http.StatusForbidden, "b.test": http.StatusOK} {
		resp, err := client.Get("http://" + host + "/")
		if err != nil {
			t.Fatal(err)
		}
		if body(t, resp); resp.StatusCode != want {
			t.Errorf("%s: %s", host, resp.Status)
		}
		s.record()
	}
	if err := tunnel.Close(); err != nil {
		t.Error(err)
	}
}

// Over the limit a sandbox is told so, and goes on when it closed something.
func TestTooMany(t *testing.T) {
	list := serveTCP(t, func(conn *net.TCPConn) { _, _ = io.Copy(conn, conn) }, "t.test")
	s := start(t, policy.Unrestricted(), list, func(c *Config) { c.MaxConns = 1 })
	first, br := s.connect("t.test:9000")
	if got := s.raw("CONNECT t.test:9000 HTTP/1.1\r\n\r\n"); status(got) != "503" || !strings.Contains(got, "too many") {
		t.Errorf("got %q", got)
	}
	s.wantRecord(KindTunnel, "t.test", Refused, ReasonLimit)
	// A third connection is accepted only when one of the two has ended.
	second := s.dial()
	third := s.dial()
	if err := second.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(third, "GET nothing HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(third); err != nil || status(string(b)) != "400" {
		t.Errorf("%q, %v", b, err)
	}
	if err := first.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(br); err != nil || len(b) != 0 {
		t.Errorf("%q, %v", b, err)
	}
	s.record()
	s.record()
	s.connect("t.test:9000")
}

// Ports of one gate are apart: each has its own policy and its own account.
func TestTwoPorts(t *testing.T) {
	list := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) }, "a.test", "b.test")
	s := start(t, limited(t, "a.test"), list, nil)
	other := &setup{t: t, socket: filepath.Join(t.TempDir(), "other.sock")}
	if _, err := s.gate.Open(other.socket, Session{ID: "sesn_other", Policy: limited(t, "b.test")}); err != nil {
		t.Fatal(err)
	}
	for want, socket := range map[string]string{"sesn_test": s.socket, "sesn_other": other.socket} {
		one := setup{t: t, socket: socket}
		for _, host := range []string{"a.test", "b.test"} {
			resp, err := one.client(nil).Get("http://" + host + "/")
			if err != nil {
				t.Fatal(err)
			}
			body(t, resp)
			mine := (host == "a.test") == (want == "sesn_test")
			r := s.record()
			if (resp.StatusCode == http.StatusOK) != mine || r.Session != want || (r.Verdict == Allowed) != mine {
				t.Errorf("%s, %s: %s, record %+v", want, host, resp.Status, r)
			}
		}
	}
}
