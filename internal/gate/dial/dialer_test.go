package dial

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mustHost(t *testing.T, s string) policy.Host {
	t.Helper()
	h, err := policy.ParseHost(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustAllow(t *testing.T, s string) Allow {
	t.Helper()
	a, err := ParseAllow(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// server answers every request with its own name.
func server(t *testing.T, addr string) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", addr+":0")
	if err != nil {
		t.Skip(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "hello from "+addr)
	}))
	if err := s.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// dnsServer is a name server on a loopback address. answer gets the name with
// its final dot and the number of the query, and returns IPv4 addresses.
func dnsServer(t *testing.T, answer func(name string, n int) []string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var queries atomic.Int64
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if err := m.Unpack(buf[:n]); err != nil || len(m.Questions) != 1 {
				t.Errorf("query: %v", err)
				return
			}
			q := m.Questions[0]
			m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
			if q.Type == dnsmessage.TypeA {
				for _, a := range answer(q.Name.String(), int(queries.Add(1))) {
					m.Answers = append(m.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 0},
						Body:   &dnsmessage.AResource{A: netip.MustParseAddr(a).As4()},
					})
				}
				if len(m.Answers) == 0 {
					m.RCode = dnsmessage.RCodeNameError
				}
			}
			out, err := m.Pack()
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := conn.WriteTo(out, from); err != nil {
				t.Error(err)
			}
		}
	}()
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func always(addrs ...string) func(string, int) []string {
	return func(string, int) []string { return addrs }
}

func TestRefusesThePrivateSide(t *testing.T) {
	port := server(t, "127.0.0.1")
	d := &Dialer{Resolver: dnsServer(t, always("127.0.0.1"))}
	for _, target := range []string{
		"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "localhost", "inner.test", "169.254.169.254",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "10.255.255.1",
	} {
		for _, network := range []string{"tcp", "tcp4", "tcp6"} {
			conn, err := d.DialContext(t.Context(), network, target+":"+port)
			if err == nil {
				t.Errorf("%s %s: connected to %s", network, target, conn.RemoteAddr())
				continue
			}
			var refused *PrivateError
			if network == "tcp" && !errors.As(err, &refused) {
				t.Errorf("%s: %v", target, err)
			}
			if refused != nil && strings.Contains(refused.Error(), "127.0.0.1") && !strings.Contains(target, "127.0.0.1") {
				t.Errorf("the text tells the address: %v", refused)
			}
		}
	}
	for _, target := range []string{"2130706433", "0x7f.1", "127.1", "0177.0.0.1", "[fe80::1%lo]", "a b"} {
		if _, err := d.DialContext(t.Context(), "tcp", target+":"+port); !errors.Is(err, policy.ErrInvalidHost) {
			t.Errorf("%s: %v", target, err)
		}
	}
	for _, addr := range []string{"127.0.0.1", "127.0.0.1:http", "127.0.0.1:0", "127.0.0.1:65536", ":80", "::1:80"} {
		if _, err := d.DialContext(t.Context(), "tcp", addr); err == nil {
			t.Errorf("%q: connected", addr)
		}
	}
	if _, err := d.DialContext(t.Context(), "udp", "8.8.8.8:53"); err == nil {
		t.Error("UDP is dialled")
	}
}

// A name that first resolves to an open address and then to a closed one gets
// the first only; one that has both in one answer reaches the open one.
func TestRebinding(t *testing.T) {
	port := server(t, "127.0.0.2")
	d := &Dialer{
		Allow: mustAllow(t, "127.0.0.2"),
		Resolver: dnsServer(t, func(name string, n int) []string {
			switch {
			case name == "both.test.":
				return []string{"127.0.0.1", "127.0.0.2"}
			case n == 1:
				return []string{"127.0.0.2"}
			}
			return []string{"127.0.0.1"}
		}),
	}
	conn, err := d.DialContext(t.Context(), "tcp", "rebind.test:"+port)
	if err != nil {
		t.Fatal(err)
	}
	if got := conn.RemoteAddr().String(); got != "127.0.0.2:"+port {
		t.Errorf("connected to %s", got)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	var refused *PrivateError
	if _, err := d.DialContext(t.Context(), "tcp", "rebind.test:"+port); !errors.As(err, &refused) || refused.Kind != "loopback" {
		t.Errorf("after rebinding: %v", err)
	}
	conn, err = d.DialContext(t.Context(), "tcp", "both.test:"+port)
	if err != nil {
		t.Fatal(err)
	}
	if got := conn.RemoteAddr().String(); got != "127.0.0.2:"+port {
		t.Errorf("connected to %s", got)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

func TestStaticNames(t *testing.T) {
	port := server(t, "127.0.0.1")
	names, err := ParseNames("api.test=127.0.0.1:" + port)
	if err != nil {
		t.Fatal(err)
	}
	d := &Dialer{Names: names}
	for _, addr := range []string{"api.test:443", "API.test.:80", "api.test:" + port} {
		conn, err := d.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Names with a dot are looked up as they are; the search list of the host's
// resolver configuration is not applied.
func TestAbsoluteNames(t *testing.T) {
	d := &Dialer{Resolver: dnsServer(t, func(name string, _ int) []string {
		if name != "one.test." {
			t.Errorf("asked for %s", name)
		}
		return nil
	})}
	var dns *net.DNSError
	if _, err := d.DialContext(t.Context(), "tcp", "one.test:80"); !errors.As(err, &dns) || !dns.IsNotFound {
		t.Errorf("got %v", err)
	}
}

func TestOwnAddress(t *testing.T) {
	interfaceAddrs = func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.ParseIP("8.8.4.4"), Mask: net.CIDRMask(24, 32)}}, nil
	}
	t.Cleanup(func() { interfaceAddrs = net.InterfaceAddrs })
	d := &Dialer{}
	h := mustHost(t, "me.test")
	var refused *PrivateError
	for _, mine := range []string{"8.8.4.4:443", "[64:ff9b::808:404]:443"} {
		if err := d.check(h, mine); !errors.As(err, &refused) {
			t.Errorf("own address %s: %v", mine, err)
		}
	}
	if err := d.check(h, "8.8.4.5:443"); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	if err := (&Dialer{Allow: mustAllow(t, "8.8.4.4")}).check(h, "8.8.4.4:443"); err != nil {
		t.Errorf("opened: %v", err)
	}
	interfaceAddrs = func() ([]net.Addr, error) { return nil, errors.ErrUnsupported }
	if err := d.check(h, "8.8.4.5:443"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("unreadable interfaces: %v", err)
	}
}

func TestTimeout(t *testing.T) {
	d := &Dialer{Timeout: time.Nanosecond, Allow: mustAllow(t, "1")}
	_, err := d.DialContext(t.Context(), "tcp", "127.0.0.1:9")
	var ne net.Error
	if !errors.As(err, &ne) || !ne.Timeout() {
		t.Errorf("got %v", err)
	}
}

// A redirect to the private side is refused like a first request.
func TestTransport(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	port := server(t, "127.0.0.1")
	names, err := ParseNames("site.test=127.0.0.1:" + port)
	if err != nil {
		t.Fatal(err)
	}
	tr := (&Dialer{Names: names}).Transport()
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr}
	resp, err := client.Get("http://site.test/")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "hello from 127.0.0.1" {
		t.Errorf("%q, %v", body, err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	var refused *PrivateError
	if _, err := client.Get("http://site.test/redirect?to=http://127.0.0.1:" + port + "/"); !errors.As(err, &refused) {
		t.Errorf("redirect: %v", err)
	}
}
