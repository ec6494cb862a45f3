package handstest

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/gate/netstack"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

// world is an internet on loopback, a gate to it, and its account. Its names:
//
//   - web.example.com, a.wild.test, evil.test, 192.0.2.7 and 2001:db8::7 are a
//     web server without TLS, tls.example.com, key.example.com and
//     other.example.com one with it; they answer with the Host field
//   - echo.test sends everything back, on every port
//   - rebind.test is looked up, and is at 127.0.0.1
//
// What else is looked up doesn't exist.
type world struct {
	gate  *gate.Gate
	ca    *gate.CA
	roots []byte // what programs inside are to trust
	key   string // placeholder of a credential for key.example.com

	mu      sync.Mutex
	records []gate.Record
}

const worldKey = "the-key-itself"

func newWorld(t *testing.T) *world {
	t.Helper()
	handler := worldHandler(t)
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	secure := httptest.NewUnstartedServer(handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that are cut off
	secure.StartTLS()
	t.Cleanup(secure.Close)
	names := dial.Names{}
	for address, hosts := range map[net.Addr][]string{
		web.Listener.Addr():    {"web.example.com", "a.wild.test", "evil.test", "192.0.2.7", "2001:db8::7"},
		secure.Listener.Addr(): {"tls.example.com", "key.example.com", "other.example.com"},
		echoServer(t):          {"echo.test"},
	} {
		for _, name := range hosts {
			names[mustHost(t, name)] = netip.MustParseAddrPort(address.String())
		}
	}
	w := &world{key: gate.NewPlaceholder()}
	var err error
	if w.ca, err = gate.NewCA(); err != nil {
		t.Fatal(err)
	}
	w.roots = slices.Concat(w.ca.PEM(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	w.gate = gate.New(gate.Config{
		Dialer: &dial.Dialer{Names: names, Resolver: worldResolver()}, Roots: roots,
		Audit: func(r gate.Record) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.records = append(w.records, r)
		},
	})
	t.Cleanup(func() {
		if err := w.gate.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func mustHost(t *testing.T, name string) policy.Host {
	t.Helper()
	h, err := policy.ParseHost(name)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// enter starts a sandbox in the world, with an interface if the driver has one
// and a way to the proxy too.
func (w *world) enter(t *testing.T, s *suite, pol policy.Policy) box {
	t.Helper()
	return w.again(t, s, pol, t.TempDir(), func(spec hands.Spec) (hands.Sandbox, error) { return s.driver.Start(t.Context(), spec) })
}

// again is enter with a way to make the sandbox in dir.
func (w *world) again(t *testing.T, s *suite, pol policy.Policy, dir string, start func(hands.Spec) (hands.Sandbox, error)) box {
	t.Helper()
	socket := shortSocket(t)
	only, err := policy.Limited{AllowedHosts: []string{"key.example.com"}}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	port, err := w.gate.Open(socket, gate.Session{ID: "sesn_world", Policy: pol, CA: w.ca,
		Secrets: func(context.Context) (gate.Grants, error) {
			return gate.Grants{Substitutions: []gate.Substitution{{
				CredentialID: "vcrd_1", Placeholder: w.key, Hosts: only, Header: true,
				Value: func(context.Context) (gate.Secret, error) { return gate.NewSecret(worldKey), nil },
			}}}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return made(t, start, hands.Spec{ID: newID(), Dir: dir, TrustedCA: w.roots, GateSocket: socket,
		Env:     map[string]string{"KEY": w.key},
		Network: func(packets *os.File) (io.Closer, error) { return netstack.New(packets, port) },
	})
}

// recorded says whether something like a record is in the account: the same
// kind, host, port (0 is any), verdict and reason.
func (w *world) recorded(want gate.Record) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.records, func(r gate.Record) bool {
		return r.Kind == want.Kind && r.Host == want.Host && (r.Port == want.Port || want.Port == 0) &&
			r.Verdict == want.Verdict && r.Reason == want.Reason
	})
}

// worldHandler answers requests, as a site and as the server of some programs
// that fetch packages.
func worldHandler(t *testing.T) http.Handler {
	packages := packageServer(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/redirect":
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
		case r.URL.Path == "/key":
			_, _ = fmt.Fprintln(w, r.Header.Get("X-Key") == worldKey)
		case r.URL.Path == "/count":
			n, _ := io.Copy(io.Discard, r.Body)
			_, _ = fmt.Fprintln(w, n)
		case r.URL.Path == "/big":
			n, _ := strconv.Atoi(r.URL.Query().Get("n"))
			_, _ = io.CopyN(w, zeros{}, int64(n))
		case strings.HasPrefix(r.URL.Path, "/packages/"):
			packages.ServeHTTP(w, r)
		default:
			_, _ = fmt.Fprintln(w, "hello", r.Host)
		}
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// echoServer sends back what it gets, and when that ends says so and ends.
func echoServer(t *testing.T) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
				_, _ = io.WriteString(c, "END\n")
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); conns.Wait() })
	return l.Addr()
}

// worldResolver is the name server of those who dial for the world.
func worldResolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe() // a stream, so the protocol is that of TCP
		go func() {
			defer ours.Close()
			for answerOne(ours) == nil {
			}
		}()
		return theirs, nil
	}}
}

func answerOne(c net.Conn) error {
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return err
	}
	buf := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(c, buf); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(buf); err != nil {
		return err
	}
	m.Response, m.Additionals = true, nil
	switch q := m.Questions[0]; {
	case q.Name.String() != "rebind.test.":
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
		}}
	}
	answer, err := m.Pack()
	if err != nil {
		return err
	}
	_, err = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	return err
}
