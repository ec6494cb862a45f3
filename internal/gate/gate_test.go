package gate

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/gate/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// setup is a gate with one port, real servers behind static names, and what
// its audit was told.
type setup struct {
	t      *testing.T
	socket string
	gate   *Gate
	port   *Port
	names  dial.Names

	mu      sync.Mutex
	records []Record
	told    chan struct{} // a token for each record
}

// start opens a port under a policy. Names are those of serve.
func start(t *testing.T, pol policy.Policy, names dial.Names, change func(*Config)) *setup {
	t.Helper()
	return startSession(t, Session{ID: "sesn_test", Policy: pol}, names, change)
}

func startSession(t *testing.T, session Session, names dial.Names, change func(*Config)) *setup {
	t.Helper()
	s := &setup{
		t: t, socket: filepath.Join(t.TempDir(), "gate.sock"), names: names,
		told: make(chan struct{}, 10000),
	}
	cfg := Config{
		Dialer: &dial.Dialer{Names: names, Timeout: 5 * time.Second},
		Audit: func(r Record) {
			s.mu.Lock()
			s.records = append(s.records, r)
			s.mu.Unlock()
			s.told <- struct{}{}
		},
	}
	if change != nil {
		change(&cfg)
	}
	s.gate = New(cfg)
	p, err := s.gate.Open(s.socket, session)
	if err != nil {
		t.Fatal(err)
	}
	s.port = p
	t.Cleanup(func() {
		if err := s.gate.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func limited(t *testing.T, hosts ...string) policy.Policy {
	t.Helper()
	p, err := policy.Limited{AllowedHosts: hosts}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// names makes static names that all lead to one listener.
func names(t *testing.T, addr net.Addr, list ...string) dial.Names {
	t.Helper()
	to := netip.MustParseAddrPort(addr.String())
	out := dial.Names{}
	for _, name := range list {
		h, err := policy.ParseHost(name)
		if err != nil {
			t.Fatal(err)
		}
		out[h] = to
	}
	return out
}

// serve is an http server behind some names.
func serve(t *testing.T, h http.HandlerFunc, list ...string) dial.Names {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return names(t, s.Listener.Addr(), list...)
}

// dial connects to the gate's socket as the relay in a sandbox does.
func (s *setup) dial() *net.UnixConn {
	s.t.Helper()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: s.socket, Net: "unix"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			s.t.Error(err)
		}
	})
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// client is an HTTP client whose proxy is the gate. roots may be nil.
func (s *setup) client(roots *x509.CertPool) *http.Client {
	tr := &http.Transport{
		Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:3128"}),
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", s.socket)
		},
		TLSClientConfig:    &tls.Config{RootCAs: roots},
		DisableCompression: true,
	}
	s.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

// raw sends bytes and returns all that comes back until the gate hangs up.
func (s *setup) raw(request string) string {
	s.t.Helper()
	conn := s.dial()
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		s.t.Fatalf("%q after %q", err, answer)
	}
	return string(answer)
}

// connect makes a tunnel and returns its end; the rest of the test speaks
// through it.
func (s *setup) connect(target string) (*net.UnixConn, *bufio.Reader) {
	s.t.Helper()
	conn := s.dial()
	if _, err := io.WriteString(conn, "CONNECT "+target+" HTTP/1.1\r\nHost: "+target+"\r\n\r\n"); err != nil {
		s.t.Fatal(err)
	}
	br := bufio.NewReader(conn)
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect})
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("CONNECT %s: %s", target, resp.Status)
	}
	return conn, br
}

// record waits for the next record of the audit.
func (s *setup) record() Record {
	s.t.Helper()
	select {
	case <-s.told:
	case <-time.After(20 * time.Second):
		s.t.Fatal("no record")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.records[0]
	s.records = s.records[1:]
	return r
}

// wantRecord checks what the next record says.
func (s *setup) wantRecord(kind Kind, host string, v Verdict, reason Reason) Record {
	s.t.Helper()
	r := s.record()
	if r.Kind != kind || r.Host != host || r.Verdict != v || r.Reason != reason || r.Session != "sesn_test" ||
		r.Start.IsZero() || r.Duration <= 0 {
		s.t.Errorf("record %+v, wanted %s %s %s %q", r, kind, host, v, reason)
	}
	return r
}

// body reads and closes an answer.
func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// status is the number in the first line of an answer.
func status(answer string) string {
	_, rest, _ := strings.Cut(answer, " ")
	code, _, _ := strings.Cut(rest, " ")
	return code
}
