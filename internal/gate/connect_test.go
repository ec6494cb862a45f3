package gate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// serveTLS is an https server for *.example.com behind some names.
func serveTLS(t *testing.T, list ...string) (dial.Names, *x509.CertPool) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "secure "+r.Host)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return names(t, s.Listener.Addr(), list...), pool
}

// serveTCP runs f with each connection to a listener behind some names.
func serveTCP(t *testing.T, f func(*net.TCPConn), list ...string) dial.Names {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f(conn.(*net.TCPConn))
			if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return names(t, l.Addr(), list...)
}

func TestConnectTLS(t *testing.T) {
	list, roots := serveTLS(t, "api.example.com", "other.example.com")
	for name, pol := range map[string]policy.Policy{
		"limited": limited(t, "*.example.com"), "unrestricted": policy.Unrestricted(),
	} {
		s := start(t, pol, list, nil)
		client := s.client(roots)
		for range 2 { // the second goes through the same tunnel
			resp, err := client.Get("https://api.example.com/")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := body(t, resp); got != "secure api.example.com" {
				t.Errorf("%s: %q", name, got)
			}
		}
		client.CloseIdleConnections()
		r := s.wantRecord(KindTunnel, "api.example.com", Allowed, "")
		if r.Up == 0 || r.Down == 0 || r.Port != 443 {
			t.Errorf("record %+v", r)
		}
	}
}

// TLS in a tunnel must be for the tunnel's host, in both kinds of networking.
func TestForgedServerName(t *testing.T) {
	list, roots := serveTLS(t, "api.example.com", "other.example.com")
	for name, pol := range map[string]policy.Policy{
		"limited": limited(t, "api.example.com"), "unrestricted": policy.Unrestricted(),
	} {
		for _, c := range []struct {
			serverName string
			ok         bool
		}{
			{"API.example.com", true},
			{"other.example.com", false},
			{"evil.test", false},
			{"api.example.com.evil.test", false},
		} {
			s := start(t, pol, list, nil)
			conn, _ := s.connect("api.example.com:443")
			err := tls.Client(conn, &tls.Config{ServerName: c.serverName, RootCAs: roots}).HandshakeContext(t.Context())
			if (err == nil) != c.ok {
				t.Errorf("%s, %s: %v", name, c.serverName, err)
			}
			if c.ok {
				continue
			}
			if !strings.Contains(err.Error(), "access denied") {
				t.Errorf("%s, %s: the client learns %v", name, c.serverName, err)
			}
			if r := s.wantRecord(KindTunnel, "api.example.com", Refused, ReasonServerName); r.Up != 0 {
				t.Errorf("%s: %d bytes reached the host", name, r.Up)
			}
		}
	}
}

// A client without a server name, as when it was given an address, passes.
func TestNoServerName(t *testing.T) {
	list, _ := serveTLS(t, "api.example.com", "203.0.113.9")
	s := start(t, limited(t, "api.example.com", "203.0.113.9"), list, nil)
	for _, target := range []string{"api.example.com:443", "203.0.113.9:443"} {
		conn, _ := s.connect(target)
		//nolint:gosec // the certificate isn't what is tested
		if err := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(t.Context()); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
	conn, _ := s.connect("203.0.113.9:443")
	//nolint:gosec // the same
	err := tls.Client(conn, &tls.Config{ServerName: "api.example.com", InsecureSkipVerify: true}).HandshakeContext(t.Context())
	if err == nil {
		t.Error("a name passes in a limited tunnel to an address")
	}
}

// Unrestricted tunnels carry anything, also from hosts that speak first, and
// end by halves.
func TestOpaqueTunnel(t *testing.T) {
	list := serveTCP(t, func(conn *net.TCPConn) {
		_, _ = io.WriteString(conn, "220 ready\n")
		got, err := io.ReadAll(conn)
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(conn, "got "+string(got))
	}, "db.test")
	s := start(t, policy.Unrestricted(), list, nil)
	for _, send := range []string{"A", "\x16", "\x00\x00\x00\x08", "SSH-2.0-x\r\n", "", strings.Repeat("x", 1<<20), "GET / HTTP/1.1\r\nHost: any\r\n\r\n"} {
		conn, br := s.connect("db.test:5432")
		line, err := br.ReadString('\n')
		if err != nil || line != "220 ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
		if _, err := io.WriteString(conn, send); err != nil {
			t.Fatal(err)
		}
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(br)
		if err != nil || string(got) != "got "+send {
			t.Errorf("%.20q: %d bytes, %v", send, len(got), err)
		}
		r := s.wantRecord(KindTunnel, "db.test", Allowed, "")
		if r.Up != int64(len(send)) || r.Down != int64(10+4+len(send)) {
			t.Errorf("%.20q: record %+v", send, r)
		}
	}
}

// Limited tunnels carry TLS and HTTP and nothing else.
func TestLimitedTunnelProtocols(t *testing.T) {
	list := serveTCP(t, func(conn *net.TCPConn) {
		got, err := io.ReadAll(conn)
		if err != nil || len(got) != 0 {
			t.Errorf("the host got %q, %v", got, err)
		}
	}, "a.test")
	s := start(t, limited(t, "a.test"), list, nil)
	for _, send := range []string{
		"SSH-2.0-OpenSSH_9.2\r\n", "\x00\x00\x00\x08\x04\xd2\x16\x2f", "get / HTTP/1.1\r\n\r\n", "\x80\x2e\x01\x03\x01", "\x16\x03\x01\x00\x00",
		"\x16\x03\x01\x00\x04\x02\x00\x00\x00", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\x16\x03\x01\x40\x00\x01\x01\x00\x00" + strings.Repeat("\x00", 40000),
	} {
		conn, br := s.connect("a.test:443")
		if _, err := io.WriteString(conn, send); err != nil && len(send) < 1000 {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(br); len(got) != 0 || err != nil && len(send) < 1000 {
			t.Errorf("%.20q: %q, %v", send, got, err)
		}
		s.wantRecord(KindTunnel, "a.test", Refused, ReasonProtocol)
	}
	conn, br := s.connect("a.test:443")
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(br); len(got) != 0 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	s.wantRecord(KindTunnel, "a.test", Failed, ReasonBroken)
}

// HTTP in a limited tunnel is decided request by request.
func TestHTTPInLimitedTunnel(t *testing.T) {
	s := start(t, limited(t, "a.test", "b.test"), serve(t, echo, "a.test", "b.test"), nil)
	conn, br := s.connect("a.test:80")
	ask := func(first, host string) (string, string) {
		if _, err := io.WriteString(conn, first+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Status, body(t, resp)
	}
	for _, first := range []string{"GET /x", "GET http://a.test/x"} {
		if status, got := ask(first, "a.test"); status != "200 OK" || !strings.HasPrefix(got, "GET /x HTTP/1.1\r\nHost: a.test\r\n") {
			t.Errorf("%s: %s %q", first, status, got)
		}
	}
	s.wantRecord(KindTunnel, "a.test", Allowed, "")
	s.wantRecord(KindRequest, "a.test", Allowed, "")
	s.wantRecord(KindRequest, "a.test", Allowed, "")
	for first, want := range map[string]Reason{
		"GET /x": ReasonRequest, "GET http://b.test/": ReasonHost, "CONNECT b.test:443": ReasonRequest,
		"GET ftp://a.test/": ReasonRequest, "GET http://u:p@a.test/": ReasonRequest,
	} {
		conn, br = s.connect("a.test:80")
		if status, got := ask(first, "b.test"); status[0] != '4' {
			t.Errorf("%s: %s %q", first, status, got)
		}
		s.record()
		if r := s.record(); r.Verdict != Refused || r.Reason != want {
			t.Errorf("%s: record %+v", first, r)
		}
	}
}

func TestECH(t *testing.T) {
	list := serveTCP(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }, "a.test")
	for refuse, want := range map[bool]Verdict{false: Allowed, true: Refused} {
		s := start(t, limited(t, "a.test"), list, func(c *Config) { c.RefuseECH = refuse })
		conn, br := s.connect("a.test:443")
		if _, err := conn.Write(hello(extension(extServerName, sni("a.test")), extension(extEncryptedHello, []byte{1, 2}))); err != nil {
			t.Fatal(err)
		}
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(br); err != nil {
			t.Error(err)
		}
		if r := s.record(); r.Verdict != want {
			t.Errorf("RefuseECH %v: record %+v", refuse, r)
		}
	}
}

func TestConnectFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	list := names(t, l.Addr(), "down.test")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := start(t, policy.Unrestricted(), list, nil)
	for _, request := range []string{
		"CONNECT down.test:443 HTTP/1.1\r\nHost: down.test:443\r\n\r\n",
		"GET http://down.test/ HTTP/1.1\r\nHost: down.test\r\n\r\n",
	} {
		got := s.raw(request)
		if status(got) != "502" || !strings.Contains(got, "could not complete down.test:") || strings.Contains(got, "127.0.0.1") {
			t.Errorf("got %q", got)
		}
		if r := s.record(); r.Verdict != Failed || r.Reason != ReasonDial {
			t.Errorf("record %+v", r)
		}
	}
	s = start(t, policy.Unrestricted(), list, func(c *Config) { c.Dialer.Timeout = time.Nanosecond })
	got := s.raw("CONNECT down.test:443 HTTP/1.1\r\nHost: down.test\r\n\r\n")
	if status(got) != "504" {
		t.Errorf("got %q", got)
	}
	s.wantRecord(KindTunnel, "down.test", Failed, ReasonTimeout)
}

func TestTunnelTimeouts(t *testing.T) {
	list := serveTCP(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }, "a.test")
	short := func(c *Config) { c.HeaderTimeout, c.IdleTimeout = 50*time.Millisecond, 50*time.Millisecond }
	s := start(t, limited(t, "a.test"), list, short)
	_, br := s.connect("a.test:443") // and not a byte more
	if got, err := io.ReadAll(br); len(got) != 0 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	s.wantRecord(KindTunnel, "a.test", Failed, ReasonTimeout)
	s = start(t, policy.Unrestricted(), list, short)
	_, br = s.connect("a.test:443")
	if got, err := io.ReadAll(br); len(got) != 0 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	s.wantRecord(KindTunnel, "a.test", Allowed, ReasonTimeout)
}
