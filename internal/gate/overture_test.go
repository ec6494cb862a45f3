package gate

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// everywhere are credentials that cover every host.
func everywhere() Secrets {
	return fixed(Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, secret)}})
}

// HTTP in an unrestricted tunnel to a covered host is seen as such, wherever
// its first line is cut, and credentials are put into it.
func TestHTTPInOpenTunnel(t *testing.T) {
	b := startBackend(t)
	s, _ := b.startSecrets(t, policy.Unrestricted(), everywhere(), nil)
	request := "POST /x HTTP/1.1\r\nHost: " + plainHost + "\r\nX-Key: " + ph1 + "\r\nContent-Length: 22\r\nConnection: close\r\n\r\n[" + ph1 + "]"
	for _, cut := range []int{0, 1, 4, 5, 7, 8, 16, 17, 18, 30, len(request) - 3} {
		conn, br := s.connect(plainHost + ":80")
		for _, part := range []string{request[:cut], request[cut:]} {
			if _, err := io.WriteString(conn, part); err != nil {
				t.Fatal(err)
			}
		}
		resp, err := http.ReadResponse(br, nil)
		if err != nil || body(t, resp) != "ok" {
			t.Fatalf("cut at %d: %v, %v", cut, resp, err)
		}
		if a := b.arrival(t); a.Header.Get("X-Key") != secret || a.body != "["+secret+"]" || a.Host != plainHost {
			t.Errorf("cut at %d: arrived %v %q", cut, a.Header, a.body)
		}
		s.wantRecord(KindTunnel, plainHost, Allowed, "")
		s.wantRecord(KindRequest, plainHost, Allowed, "")
	}
	// As in a limited tunnel all of them must be for its host.
	conn, br := s.connect(plainHost + ":80")
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("%v, %v", resp, err)
	}
	b.none(t)
}

// Everything else in such a tunnel goes both ways as it is, whoever speaks
// first, and placeholders in it too.
func TestOtherInOpenTunnel(t *testing.T) {
	greeting := serveTCP(t, func(conn *net.TCPConn) {
		_, _ = io.WriteString(conn, "220 ready\n")
		got, _ := io.ReadAll(conn)
		_, _ = fmt.Fprintf(conn, "got %s", got)
	}, "first.test")
	listening := serveTCP(t, func(conn *net.TCPConn) {
		got, _ := io.ReadAll(conn)
		_, _ = fmt.Fprintf(conn, "got %s", got)
	}, "second.test")
	for h, to := range listening {
		greeting[h] = to
	}
	b := &backend{names: greeting}
	s, _ := b.startSecretsWithoutRoots(t, everywhere())
	for _, send := range []string{
		"", "A", "\x16", "\x16\x03\x01", "SSH-2.0-x\r\n" + ph1, "\x00\x00\x00\x08", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "NICK me\r\nUSER me HTTP/1.1",
		"GET key\n", "SET " + ph1 + " HTTP/9.9\r\n", "GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1", "get / HTTP/1.1\r\n\r\n",
		"GET /\x00 HTTP/1.1\r\n", "GET " + strings.Repeat("x", 1<<20),
	} {
		for host, before := range map[string]string{"first.test": "220 ready\n", "second.test": ""} {
			conn, br := s.connect(host + ":7000")
			if _, err := io.WriteString(conn, send); err != nil {
				t.Fatal(err)
			}
			if err := conn.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(br); err != nil || string(got) != before+"got "+send {
				t.Errorf("%.30q to %s: %.60q, %v", send, host, got, err)
			}
			if r := s.wantRecord(KindTunnel, host, Allowed, ""); r.Up != int64(len(send)) || r.Down != int64(len(before)+4+len(send)) || r.Credentials != nil {
				t.Errorf("%.30q to %s: record %+v", send, host, r)
			}
		}
	}
	// A client that waits for the host to speak first.
	conn, br := s.connect("first.test:25000")
	if line, err := br.ReadString('\n'); err != nil || line != "220 ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	// From then on it isn't HTTP, whatever it looks like.
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\n"+ph1); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(br); err != nil || string(got) != "got GET / HTTP/1.1\r\n"+ph1 {
		t.Errorf("%q, %v", got, err)
	}
}

// startSecretsWithoutRoots opens a port for hosts that speak no TLS.
func (b *backend) startSecretsWithoutRoots(t *testing.T, secrets Secrets) (*setup, *CA) {
	t.Helper()
	ca := newTestCA(t)
	return startSession(t, Session{ID: "sesn_test", Policy: policy.Unrestricted(), Secrets: secrets, CA: ca}, b.names, nil), ca
}

// While nobody speaks the tunnel ends as others do: by either side, by time, by
// the policy and by the port.
func TestSilentOpenTunnel(t *testing.T) {
	block := make(chan struct{})
	silent := serveTCP(t, func(conn *net.TCPConn) {
		<-block
		_, _ = io.Copy(io.Discard, conn)
	}, "silent.test")
	leaving := serveTCP(t, func(*net.TCPConn) {}, "leaving.test")
	for h, to := range leaving {
		silent[h] = to
	}
	for name, c := range map[string]struct {
		host   string
		do     func(s *setup, conn *net.UnixConn)
		reason Reason
		idle   time.Duration
	}{
		"idle":   {"silent.test", func(*setup, *net.UnixConn) {}, ReasonTimeout, 50 * time.Millisecond},
		"host":   {"leaving.test", func(_ *setup, c *net.UnixConn) { _, _ = io.Copy(io.Discard, c); _ = c.CloseWrite() }, "", time.Minute},
		"policy": {"silent.test", func(s *setup, _ *net.UnixConn) { s.port.SetPolicy(limited(t)) }, ReasonPolicy, time.Minute},
		"port":   {"silent.test", func(s *setup, _ *net.UnixConn) { _ = s.port.Close() }, ReasonClosed, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := startSession(t, Session{ID: "sesn_test", Policy: policy.Unrestricted(), Secrets: everywhere(), CA: newTestCA(t)}, silent,
				func(cfg *Config) { cfg.IdleTimeout = c.idle })
			conn, br := s.connect(c.host + ":7000")
			c.do(s, conn)
			if got, err := io.ReadAll(br); err != nil || len(got) != 0 {
				t.Errorf("%q, %v", got, err)
			}
			// A policy that is there before the tunnel is looked at refuses it.
			if r := s.record(); r.Reason != c.reason || r.Verdict != Allowed && c.reason != ReasonPolicy {
				t.Errorf("record %+v", r)
			}
		})
	}
	close(block)
}
