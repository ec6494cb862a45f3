package gate

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// open is a TLS connection through a tunnel to target, as any client makes it.
func (s *setup) open(target string, cfg *tls.Config) (*tls.Conn, *bufio.Reader, error) {
	s.t.Helper()
	raw, _ := s.connect(target)
	conn := tls.Client(raw, cfg)
	err := conn.HandshakeContext(s.t.Context())
	return conn, bufio.NewReader(conn), err
}

// issuer is who signed the certificate that a client sees at a host.
func issuer(conn *tls.Conn) string {
	return conn.ConnectionState().PeerCertificates[0].Issuer.CommonName
}

// Only the TLS of covered hosts is taken off, and only if HTTP/1.1 may be in
// it; the rest passes as it is.
func TestWhatIsTakenOff(t *testing.T) {
	b := startBackend(t)
	maps.Copy(b.names, names(t, addrOf(t, b, secureHost), "203.0.113.9", "203.0.113.8"))
	cover := credential("vcrd_1", ph1, secret)
	cover.Hosts = limited(t, secureHost, "203.0.113.9")
	off := cover
	off.Header, off.Body = false, false
	repo := Injection{CredentialID: "vcrd_2", Host: parseHost(t, otherHost), PathPrefix: "/o/r", Header: value("x")}
	const own = "Ostler sandbox gate"
	for _, c := range []struct {
		name, target, serverName string
		protocols                []string
		grants                   Grants
		noCA                     bool
		off                      bool
	}{
		{name: "covered", target: secureHost, serverName: secureHost, grants: Grants{Substitutions: []Substitution{cover}}, off: true},
		{name: "another port", target: secureHost + ":8443", serverName: secureHost, grants: Grants{Substitutions: []Substitution{cover}}, off: true},
		{name: "without a server name", target: secureHost, grants: Grants{Substitutions: []Substitution{cover}}, off: true},
		{name: "with HTTP/2", target: secureHost, serverName: secureHost, protocols: []string{"h2", "http/1.1"}, grants: Grants{Substitutions: []Substitution{cover}}, off: true},
		{name: "HTTP/2 only", target: secureHost, serverName: secureHost, protocols: []string{"h2"}, grants: Grants{Substitutions: []Substitution{cover}}},
		{name: "not covered", target: otherHost, serverName: otherHost, grants: Grants{Substitutions: []Substitution{cover}}},
		{name: "injection", target: otherHost, serverName: otherHost, grants: Grants{Injections: []Injection{repo}}, off: true},
		{name: "switched off", target: secureHost, serverName: secureHost, grants: Grants{Substitutions: []Substitution{off}}},
		{name: "no credentials", target: secureHost, serverName: secureHost},
		{name: "no CA", target: secureHost, serverName: secureHost, grants: Grants{Substitutions: []Substitution{cover}}, noCA: true},
		{name: "an address", target: "203.0.113.9", grants: Grants{Substitutions: []Substitution{cover}}, off: true},
		{name: "another address", target: "203.0.113.8", grants: Grants{Substitutions: []Substitution{cover}}},
	} {
		for net, pol := range map[string]policy.Policy{
			"limited": limited(t, "*.example.com", "203.0.113.9", "203.0.113.8"), "unrestricted": policy.Unrestricted(),
		} {
			t.Run(c.name+" "+net, func(t *testing.T) {
				session := Session{ID: "sesn_test", Policy: pol, Secrets: fixed(c.grants), CA: newTestCA(t)}
				if c.noCA {
					session.CA = nil
				}
				s := startSession(t, session, b.names, func(cfg *Config) { cfg.Roots = b.roots })
				target := c.target
				if !strings.Contains(target, ":") {
					target += ":443"
				}
				//nolint:gosec // who signed is what is tested
				conn, _, err := s.open(target, &tls.Config{ServerName: c.serverName, NextProtos: c.protocols, InsecureSkipVerify: true})
				if err != nil && c.protocols == nil {
					t.Fatal(err)
				}
				if err == nil && strings.HasPrefix(issuer(conn), own) != c.off {
					t.Errorf("signed by %q", issuer(conn))
				}
				if err != nil && c.off {
					t.Error(err)
				}
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
				if r := s.record(); r.Kind != KindTunnel || (r.Up == 0) != c.off {
					t.Errorf("record %+v", r)
				}
			})
		}
	}
}

func addrOf(t *testing.T, b *backend, name string) net.Addr {
	t.Helper()
	to := b.names[parseHost(t, name)]
	return net.TCPAddrFromAddrPort(to)
}

// Requests within TLS must be for the host of the tunnel.
func TestFrontingInTLS(t *testing.T) {
	b := startBackend(t)
	for net, pol := range map[string]policy.Policy{"limited": limited(t, "*.example.com"), "unrestricted": policy.Unrestricted()} {
		s, client := b.startSecrets(t, pol, fixed(Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, secret)}}), nil)
		roots := client.Transport.(*http.Transport).TLSClientConfig.RootCAs
		for _, c := range []struct {
			request string
			status  string
			reason  Reason
		}{
			{"GET / HTTP/1.1\r\nHost: api.example.com\r\nX-Key: " + ph1 + "\r\n\r\n", "200", ""},
			{"GET / HTTP/1.1\r\nHost: API.example.com:443\r\nX-Key: " + ph1 + "\r\n\r\n", "200", ""},
			{"GET https://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nX-Key: " + ph1 + "\r\n\r\n", "200", ""},
			{"GET / HTTP/1.0\r\nX-Key: " + ph1 + "\r\n\r\n", "200", ""},
			{"GET / HTTP/1.1\r\nHost: other.example.com\r\nX-Key: " + ph1 + "\r\n\r\n", "421", ReasonServerName},
			{"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", "421", ReasonServerName},
			{"GET / HTTP/1.1\r\nHost: api.example.com:80\r\n\r\n", "421", ReasonServerName},
			{"GET / HTTP/1.1\r\n\r\n", "400", ReasonRequest},
			{"GET / HTTP/1.1\r\nHost: api.example.com\r\nHost: evil.test\r\n\r\n", "400", ReasonRequest},
			{"GET https://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n", "403", ReasonHost},
			{"GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n", "400", ReasonRequest},
			{"GET https://u:p@api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n", "400", ReasonRequest},
			{"CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com\r\n\r\n", "400", ReasonRequest},
			{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400", ReasonRequest},
			{"SSH-2.0-OpenSSH\r\n\r\n", "400", ReasonRequest},
			{"GET / HTTP/1.1\r\nHost: api.example.com\nX-Key: " + ph1 + "\r\n\r\n", "400", ReasonRequest},
		} {
			conn, br, err := s.open(secureHost+":443", &tls.Config{ServerName: secureHost, RootCAs: roots})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, c.request); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatalf("%q: %v", c.request, err)
			}
			got := body(t, resp)
			if !strings.HasPrefix(resp.Status, c.status+" ") {
				t.Errorf("%s, %q: %s %q", net, c.request, resp.Status, got)
			}
			s.wantRecord(KindTunnel, secureHost, Allowed, "")
			if c.reason != "" {
				b.none(t)
				if r := s.record(); r.Verdict != Refused || r.Reason != c.reason {
					t.Errorf("%s, %q: record %+v", net, c.request, r)
				}
			} else {
				if a := b.arrival(t); a.Header.Get("X-Key") != secret || a.Host != secureHost || a.RequestURI != "/" {
					t.Errorf("%s, %q: arrived %s%s %v", net, c.request, a.Host, a.RequestURI, a.Header)
				}
				s.wantRecord(KindRequest, secureHost, Allowed, "")
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TLS for another name than the tunnel's is refused before anything else.
func TestForgedServerNameOfCovered(t *testing.T) {
	b := startBackend(t)
	for net, pol := range map[string]policy.Policy{"limited": limited(t, "*.example.com"), "unrestricted": policy.Unrestricted()} {
		s, client := b.startSecrets(t, pol, fixed(Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, secret)}}), nil)
		roots := client.Transport.(*http.Transport).TLSClientConfig.RootCAs
		if _, _, err := s.open(secureHost+":443", &tls.Config{ServerName: otherHost, RootCAs: roots}); err == nil || !strings.Contains(err.Error(), "access denied") {
			t.Errorf("%s: %v", net, err)
		}
		if r := s.wantRecord(KindTunnel, secureHost, Refused, ReasonServerName); r.Up != 0 {
			t.Errorf("%s: record %+v", net, r)
		}
		b.none(t)
	}
}

// A client that doesn't trust the gate, one that doesn't speak and one that
// leaves get no further than the handshake.
func TestHandshakeFails(t *testing.T) {
	b := startBackend(t)
	s, _ := b.startSecrets(t, limited(t, secureHost), fixed(Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, secret)}}),
		func(c *Config) { c.HeaderTimeout = 200 * time.Millisecond })
	if _, _, err := s.open(secureHost+":443", &tls.Config{ServerName: secureHost, RootCAs: b.roots}); err == nil {
		t.Error("a client trusts the gate that wasn't told to")
	}
	s.wantRecord(KindTunnel, secureHost, Failed, ReasonTLS)

	conn, br := s.connect(secureHost + ":443")
	if _, err := conn.Write(real(t, secureHost)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(br); err != nil || len(got) == 0 { // the gate's side of the handshake, and the end
		t.Errorf("%q, %v", got, err)
	}
	s.wantRecord(KindTunnel, secureHost, Failed, ReasonTLS)

	conn, _ = s.connect(secureHost + ":443")
	if _, err := conn.Write(real(t, secureHost)); err != nil {
		t.Fatal(err)
	}
	if err := s.port.Close(); err != nil {
		t.Error(err)
	}
	s.wantRecord(KindTunnel, secureHost, Failed, ReasonClosed)
	b.none(t)
}

// The gate checks the host's certificate in the sandbox's place.
func TestHostCertificate(t *testing.T) {
	b := startBackend(t)
	open := httptest.NewServer(http.HandlerFunc(never(t)))
	t.Cleanup(open.Close)
	maps.Copy(b.names, names(t, addrOf(t, b, secureHost), "wrong.test"))
	maps.Copy(b.names, names(t, open.Listener.Addr(), "no-tls.example.com"))
	grants := fixed(Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, secret)}})
	for _, c := range []struct {
		host  string
		roots *x509.CertPool
		text  string
	}{
		{secureHost, x509.NewCertPool(), "its certificate is not accepted: x509: certificate signed by unknown authority"},
		{"wrong.test", b.roots, "its certificate is not accepted: x509: certificate is valid for example.com"},
		{"no-tls.example.com", b.roots, "it does not speak TLS as it should"},
	} {
		s, client := b.startSecrets(t, policy.Unrestricted(), grants, func(cfg *Config) { cfg.Roots = c.roots })
		resp := sending{header: http.Header{"X-Key": {ph1}}, body: ph1}.do(t, client, "https://"+c.host)
		if got := body(t, resp); resp.StatusCode != http.StatusBadGateway || !strings.Contains(got, c.text) {
			t.Errorf("%s: %s %q", c.host, resp.Status, got)
		}
		s.wantRecord(KindTunnel, c.host, Allowed, "")
		s.wantRecord(KindRequest, c.host, Failed, ReasonTLS)
		b.none(t)
	}
}

// One tunnel costs a host one connection.
func TestTunnelConnections(t *testing.T) {
	opened := make(chan net.Conn, 100)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }))
	server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened <- c
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	b := &backend{names: names(t, server.Listener.Addr(), secureHost), roots: x509.NewCertPool()}
	b.roots.AddCert(server.Certificate())
	_, client := b.startSecrets(t, limited(t, secureHost), fixed(Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, secret)}}), nil)
	for i := range 3 {
		resp, err := client.Get(fmt.Sprintf("https://%s/%d", secureHost, i))
		if err != nil {
			t.Fatal(err)
		}
		if got := body(t, resp); got != fmt.Sprintf("/%d", i) {
			t.Errorf("got %q", got)
		}
	}
	if n := len(opened); n != 1 {
		t.Errorf("the host saw %d connections", n)
	}
	// A second tunnel uses what the first left, and lets go of its own.
	client.CloseIdleConnections()
	resp, err := client.Get("https://" + secureHost + "/again")
	if err != nil || body(t, resp) != "/again" {
		t.Fatal(err)
	}
	if n := len(opened); n > 2 {
		t.Errorf("the host saw %d connections", n)
	}
}

// A websocket through the gate's TLS: the credential goes into the header of
// its request, and what is said afterwards is left alone.
func TestSecureWebsocket(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Authorization") != "Bearer "+secret {
			http.Error(w, "no upgrade", http.StatusBadRequest)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello")
		_, _ = io.Copy(conn, rw) // echoes until the client is done
		_, _ = io.WriteString(conn, " bye")
		_ = conn.Close()
	}))
	t.Cleanup(server.Close)
	b := &backend{names: names(t, server.Listener.Addr(), secureHost), roots: x509.NewCertPool()}
	b.roots.AddCert(server.Certificate())
	s, client := b.startSecrets(t, limited(t, secureHost), fixed(Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, secret)}}), nil)
	conn, br, err := s.open(secureHost+":443", &tls.Config{
		ServerName: secureHost, RootCAs: client.Transport.(*http.Transport).TLSClientConfig.RootCAs,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: "+secureHost+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Authorization: Bearer "+ph1+"\r\n\r\n"+ph1); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(br)
	if err != nil || !bytes.HasPrefix(got, []byte("HTTP/1.1 101 ")) || !bytes.HasSuffix(got, []byte("\r\n\r\nhello"+ph1+" bye")) {
		t.Errorf("%q, %v", got, err)
	}
	s.wantRecord(KindTunnel, secureHost, Allowed, "")
	r := s.wantRecord(KindRequest, secureHost, Allowed, "")
	if len(r.Credentials) != 1 || r.Credentials[0] != (Use{"vcrd_1", PlaceHeader, 1}) {
		t.Errorf("record %+v", r)
	}
}

// A connection whose TLS was taken off is subject to the policy of the moment,
// and ends with the port.
func TestPolicyWithinTLS(t *testing.T) {
	b := startBackend(t)
	s, client := b.startSecrets(t, policy.Unrestricted(), everywhere(), nil)
	cfg := &tls.Config{ServerName: secureHost, RootCAs: client.Transport.(*http.Transport).TLSClientConfig.RootCAs}
	ask := func(conn io.Writer, br *bufio.Reader) int {
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+secureHost+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		body(t, resp)
		return resp.StatusCode
	}
	one, oneRead, err := s.open(secureHost+":443", cfg)
	if err != nil {
		t.Fatal(err)
	}
	two, twoRead, err := s.open(secureHost+":443", cfg)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // until the gate is done with its handshakes
		s.wantRecord(KindTunnel, secureHost, Allowed, "")
	}
	if got := ask(one, oneRead); got != http.StatusOK {
		t.Errorf("allowed: %d", got)
	}
	s.port.SetPolicy(limited(t, otherHost))
	if got := ask(one, oneRead); got != http.StatusForbidden {
		t.Errorf("not allowed any more: %d", got)
	}
	s.port.SetPolicy(limited(t, secureHost))
	if got := ask(two, twoRead); got != http.StatusOK {
		t.Errorf("allowed again: %d", got)
	}
	if err := s.port.Close(); err != nil {
		t.Error(err)
	}
	if _, err := twoRead.ReadByte(); err == nil {
		t.Error("the connection outlives the port")
	}
}

func TestSystemRoots(t *testing.T) {
	ca := newTestCA(t)
	pool, err := SystemRoots(ca.PEM())
	if err != nil {
		t.Fatal(err)
	}
	c, err := ca.certificate(parseHost(t, secureHost))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: pool}); err != nil {
		t.Error(err)
	}
	if _, err := SystemRoots([]byte("none")); err == nil {
		t.Error("a text without a certificate is taken")
	}
}
