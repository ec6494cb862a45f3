package gate

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// flow makes a connection as a program in the sandbox does that knows nothing
// of the gate. done waits for ServeFlow and gives its error.
func (s *setup) flow(ctx context.Context, host string, port uint16) (conn net.Conn, done func() error) {
	s.t.Helper()
	h, err := policy.ParseHost(host)
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // net.Pipe has no half-close
	if err != nil {
		s.t.Fatal(err)
	}
	ends := make(chan net.Conn, 1)
	var wg sync.WaitGroup
	var served error
	wg.Go(func() {
		defer close(ends)
		served = s.port.ServeFlow(ctx, h, port, func() (net.Conn, error) {
			ours, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				return nil, err
			}
			theirs, err := l.Accept()
			ends <- ours
			return theirs, err
		})
	})
	conn = <-ends // nil if there was no accept
	s.t.Cleanup(func() {
		if conn != nil {
			_ = conn.Close()
		}
		wg.Wait()
		_ = l.Close()
	})
	return conn, func() error { wg.Wait(); return served }
}

func TestServeFlow(t *testing.T) {
	list := serveTCP(t, func(c *net.TCPConn) {
		_, _ = io.WriteString(c, "first ")
		_, _ = io.Copy(c, c)
		_, _ = io.WriteString(c, " last")
	}, "echo.test")
	s := start(t, policy.Unrestricted(), list, nil)
	conn, done := s.flow(t.Context(), "echo.test", 2222)
	if _, err := io.WriteString(conn, "hello"); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != "first hello last" {
		t.Errorf("%q, %v", got, err)
	}
	if err := done(); err != nil {
		t.Error(err)
	}
	if r := s.wantRecord(KindFlow, "echo.test", Allowed, ""); r.Up != 5 || r.Down != 16 || r.Port != 2222 || r.Addr == "" {
		t.Errorf("record %+v", r)
	}
}

// Requests of a flow are decided like those in a tunnel, and TLS must be for
// its host.
func TestServeFlowLimited(t *testing.T) {
	list := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello "+r.Host) }, "api.test")
	s := start(t, limited(t, "api.test"), list, nil)
	conn, _ := s.flow(t.Context(), "api.test", 80)
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: api.test\r\n\r\nGET / HTTP/1.1\r\nHost: evil.test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(got), "hello api.test") || !strings.Contains(string(got), "names another host") {
		t.Errorf("%s, %v", got, err)
	}
	s.wantRecord(KindFlow, "api.test", Allowed, "")
	s.wantRecord(KindRequest, "api.test", Allowed, "")
	s.wantRecord(KindRequest, "api.test", Refused, ReasonRequest)

	secure, roots := serveTLS(t, "api.example.com", "other.example.com")
	s = start(t, limited(t, "api.example.com"), secure, nil)
	for serverName, ok := range map[string]bool{"api.example.com": true, "other.example.com": false} {
		conn, done := s.flow(t.Context(), "api.example.com", 443)
		client := tls.Client(conn, &tls.Config{ServerName: serverName, RootCAs: roots})
		if _, err := io.WriteString(client, "GET / HTTP/1.0\r\nHost: "+serverName+"\r\n\r\n"); (err == nil) != ok {
			t.Errorf("%s: %v", serverName, err)
		}
		if got, err := io.ReadAll(client); ok && (err != nil || !strings.HasSuffix(string(got), "secure "+serverName)) {
			t.Errorf("%s: %q, %v", serverName, got, err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		if err := done(); err != nil {
			t.Error(err)
		}
		if ok {
			s.wantRecord(KindFlow, "api.example.com", Allowed, "")
		} else {
			s.wantRecord(KindFlow, "api.example.com", Refused, ReasonServerName)
		}
	}
}

// What is refused or can't be reached is not accepted, and the error says why.
func TestServeFlowRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := start(t, limited(t, "nobody.test", "127.0.0.1"), names(t, nobody, "nobody.test", "evil.test"), nil)
	for _, c := range []struct {
		host    string
		port    uint16
		verdict Verdict
		reason  Reason
		text    string
	}{
		{"evil.test", 443, Refused, ReasonHost, "evil.test is not in its allowed_hosts"},
		{"198.51.100.1", 443, Refused, ReasonHost, "only if it is itself"},
		{"nobody.test", 22, Refused, ReasonPort, "port 22"},
		{"127.0.0.1", 8080, Refused, ReasonPrivate, "loopback"},
		{"nobody.test", 443, Failed, ReasonDial, "not accepted"},
	} {
		conn, done := s.flow(t.Context(), c.host, c.port)
		if err := done(); conn != nil || err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s:%d: accepted %v, %v", c.host, c.port, conn != nil, err)
		}
		if r := s.wantRecord(KindFlow, c.host, c.verdict, c.reason); r.Port != c.port {
			t.Errorf("record %+v", r)
		}
	}
}

// A client that is gone when it would be accepted costs the host a connection
// and nothing else.
func TestServeFlowGone(t *testing.T) {
	read := make(chan int64, 1)
	list := serveTCP(t, func(c *net.TCPConn) {
		n, _ := io.Copy(io.Discard, c)
		read <- n
	}, "host.test")
	s := start(t, policy.Unrestricted(), list, nil)
	host, err := policy.ParseHost("host.test")
	if err != nil {
		t.Fatal(err)
	}
	gone := errors.New("gone")
	if err := s.port.ServeFlow(t.Context(), host, 80, func() (net.Conn, error) { return nil, gone }); err == nil {
		t.Error("no error")
	}
	if n := <-read; n != 0 {
		t.Errorf("%d bytes", n)
	}
	s.wantRecord(KindFlow, "host.test", Failed, ReasonGone)
}

// A flow ends with its context, its Port, and the policy that allowed it.
func TestServeFlowCutOff(t *testing.T) {
	list := serveTCP(t, func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) }, "host.test")
	for name, c := range map[string]struct {
		end    func(s *setup, cancel func())
		reason Reason
	}{
		"context": {func(_ *setup, cancel func()) { cancel() }, ReasonGone},
		"port":    {func(s *setup, _ func()) { _ = s.port.Close() }, ReasonClosed},
		"policy":  {func(s *setup, _ func()) { s.port.SetPolicy(limited(s.t)) }, ReasonPolicy},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		s := start(t, policy.Unrestricted(), list, nil)
		conn, done := s.flow(ctx, "host.test", 80)
		c.end(s, cancel)
		if n, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: %d bytes", name, n)
		}
		if err := done(); err != nil {
			t.Error(err)
		}
		if r := s.record(); r.Kind != KindFlow || r.Reason != c.reason {
			t.Errorf("%s: %+v", name, r)
		}
		cancel()
	}
}

func TestLookup(t *testing.T) {
	s := start(t, limited(t, "*.api.test"), nil, nil)
	for name, ok := range map[string]bool{"a.api.test": true, "api.test": false, "evil.test": false} {
		host, err := policy.ParseHost(name)
		if err != nil {
			t.Fatal(err)
		}
		err = s.port.Lookup(host)
		if (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
		if ok {
			continue
		}
		if !strings.Contains(err.Error(), name+" is not in its allowed_hosts") {
			t.Errorf("%s: %v", name, err)
		}
		s.wantRecord(KindLookup, name, Refused, ReasonHost)
	}
	if len(s.records) != 0 {
		t.Errorf("also on record: %+v", s.records)
	}
}
