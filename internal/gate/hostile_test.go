package gate

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// never is a server that must not be reached.
func never(t *testing.T) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s reached a server it must not reach", r.Host)
	}
}

// What a limited sandbox may not do, and the text it is told.
func TestRefusals(t *testing.T) {
	s := start(t, limited(t, "a.test", "203.0.113.9", "own.test"),
		serve(t, never(t), "a.test", "b.test", "203.0.113.9", "203.0.113.8"), nil)
	for _, c := range []struct {
		name, request string
		status        string
		reason        Reason
		text          string
	}{
		{
			"CONNECT to another host", "CONNECT b.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n",
			"403", ReasonHost, "refused b.test:443: the environment's networking is limited and b.test is not in its allowed_hosts",
		},
		{"GET of another host", "GET http://b.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n", "403", ReasonHost, "b.test:80"},
		{"an address", "CONNECT 203.0.113.8:443 HTTP/1.1\r\n\r\n", "403", ReasonHost, "allows an address only if"},
		{"loopback", "CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n", "403", ReasonHost, "127.0.0.1:443"},
		{"a port", "CONNECT a.test:22 HTTP/1.1\r\n\r\n", "403", ReasonPort, "port 22 is not open to sandboxes; these are: 80,443,1024-65535"},
		{"a port by URL", "GET http://a.test:25/ HTTP/1.1\r\nHost: a.test:25\r\n\r\n", "403", ReasonPort, "port 25"},
		{"Host of another", "GET http://a.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n", "400", ReasonRequest, "the Host field names another host"},
		{"Host with another port", "GET http://a.test/ HTTP/1.1\r\nHost: a.test:8080\r\n\r\n", "400", ReasonRequest, "another host"},
		{"no Host", "GET http://a.test/ HTTP/1.1\r\n\r\n", "400", ReasonRequest, "the Host field is missing"},
		{"empty Host", "GET http://a.test/ HTTP/1.1\r\nHost:\r\n\r\n", "400", ReasonRequest, "missing"},
		{"two Hosts", "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", "400", ReasonRequest, "more than once"},
		{"CONNECT with Host of another", "CONNECT a.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n", "400", ReasonRequest, "another host"},
		{"CONNECT with Host of another port", "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:80\r\n\r\n", "400", ReasonRequest, "another host"},
		{"CONNECT with body", "CONNECT a.test:443 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", "400", ReasonRequest, "no body"},
		{"CONNECT without port", "CONNECT a.test HTTP/1.1\r\n\r\n", "400", ReasonRequest, "host:port"},
		{"CONNECT with a URL", "CONNECT http://a.test/ HTTP/1.1\r\n\r\n", "400", ReasonRequest, ""},
		{"CONNECT with user", "CONNECT u@a.test:443 HTTP/1.1\r\n\r\n", "400", ReasonRequest, "invalid host"},
		{"user in the URL", "GET http://a.test:80@b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", "400", ReasonRequest, "user name"},
		{"https URL", "GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", "400", ReasonRequest, "for https use CONNECT"},
		{"ftp URL", "GET ftp://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", "400", ReasonRequest, ""},
		{"not a proxy request", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "400", ReasonRequest, "this is a proxy"},
		{"backslash", "GET http://b.test\\@a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", "400", ReasonRequest, ""},
		{"escape in host", "GET http://a%2etest/ HTTP/1.1\r\nHost: a.test\r\n\r\n", "400", ReasonRequest, ""},
		{"opaque URL", "GET http:a.test HTTP/1.1\r\nHost: a.test\r\n\r\n", "400", ReasonRequest, ""},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400", ReasonRequest, ""},
		{
			"CL and TE", "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			"400", ReasonRequest, "both",
		},
		{"two lengths", "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nxxxxx", "400", ReasonRequest, ""},
		{"bare LF", "GET http://a.test/ HTTP/1.1\nHost: b.test\r\n\r\n", "400", ReasonRequest, ""},
		{"folded line", "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX: a\r\n Host: b.test\r\n\r\n", "400", ReasonRequest, ""},
		{"space before colon", "GET http://a.test/ HTTP/1.1\r\nHost : b.test\r\n\r\n", "400", ReasonRequest, ""},
		{
			"large header", "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n",
			"431", ReasonRequest, "longer than 32768 bytes",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			got := s.raw(c.request)
			if status(got) != c.status || !strings.Contains(got, c.text) || !strings.Contains(got, "Ostler-Gate: "+string(c.reason)) {
				t.Errorf("got %q", got)
			}
			if r := s.record(); r.Verdict != Refused || r.Reason != c.reason || r.Addr != "" || r.Up+r.Down != 0 {
				t.Errorf("record %+v", r)
			}
		})
	}
}

// What is refused whatever the networking.
func TestPrivateSide(t *testing.T) {
	all, err := policy.Limited{AllowedHosts: []string{"127.0.0.1", "::1", "169.254.169.254", "localhost", "10.0.0.1"}}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	for name, pol := range map[string]policy.Policy{"unrestricted": policy.Unrestricted(), "limited": all} {
		s := start(t, pol, nil, nil)
		for _, target := range []string{"127.0.0.1:8080", "[::1]:8080", "[::ffff:127.0.0.1]:8080", "169.254.169.254:80", "localhost:8080", "10.0.0.1:80"} {
			for _, request := range []string{
				"CONNECT " + target + " HTTP/1.1\r\n\r\n",
				"GET http://" + target + "/latest/meta-data HTTP/1.1\r\nHost: " + target + "\r\n\r\n",
			} {
				if got := s.raw(request); status(got) != "403" || !strings.Contains(got, "Ostler-Gate: private") {
					t.Errorf("%s: %q answers %q", name, request, got)
				}
				if r := s.record(); r.Verdict != Refused || r.Reason != ReasonPrivate {
					t.Errorf("%s: record %+v", name, r)
				}
			}
		}
		for _, host := range []string{"2130706433", "0x7f000001", "0x7f.1", "127.1", "017700000001", "0177.0.0.1", "[fe80::1%25lo]"} {
			if got := s.raw("GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n"); status(got) != "400" {
				t.Errorf("%s: %s answers %q", name, host, got)
			}
			s.record()
		}
	}
	s := start(t, policy.Unrestricted(), nil, nil)
	for _, target := range []string{"[64:ff9b::7f00:1]:80", "[64:ff9b::169.254.169.254]:80", "[2002:7f00:1::]:80", "0.0.0.0:80", "[fd00:ec2::254]:80", "192.168.0.1:443", "100.64.0.1:443"} {
		if got := s.raw("CONNECT " + target + " HTTP/1.1\r\n\r\n"); status(got) != "403" {
			t.Errorf("%s answers %q", target, got)
		}
		s.record()
	}
	if got := s.raw("CONNECT mail.test:25 HTTP/1.1\r\n\r\n"); status(got) != "403" || !strings.Contains(got, "port 25") {
		t.Errorf("mail answers %q", got)
	}
}

// A redirect is only an answer: the request that follows it is decided anew.
func TestRedirect(t *testing.T) {
	s := start(t, limited(t, "a.test"), serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "a.test" {
			t.Errorf("%s reached a server it must not reach", r.Host)
		}
		http.Redirect(w, r, "http://b.test/secret", http.StatusFound)
	}, "a.test", "b.test"), nil)
	resp, err := s.client(nil).Get("http://a.test/")
	if err != nil {
		t.Fatal(err)
	}
	if got := body(t, resp); resp.StatusCode != http.StatusForbidden || !strings.Contains(got, "b.test") {
		t.Errorf("%s %q", resp.Status, got)
	}
	s.wantRecord(KindRequest, "a.test", Allowed, "")
	s.wantRecord(KindRequest, "b.test", Refused, ReasonHost)
}

// A body that looks like a request stays a body; what follows a body is a
// request, and is decided as one.
func TestSmuggling(t *testing.T) {
	var reached atomic.Int64
	s := start(t, limited(t, "a.test"), serve(t, func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return // the body was cut off
		}
		_, _ = fmt.Fprintf(w, "%s %q", r.Host, b)
	}, "a.test", "b.test"), nil)
	inner := "GET http://b.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n"
	got := s.raw(fmt.Sprintf("POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: %d\r\n\r\n%s%s", len(inner), inner, inner))
	if status(got) != "200" || !strings.Contains(got, fmt.Sprintf("a.test %q", inner)) || !strings.Contains(got, "HTTP/1.1 403") {
		t.Errorf("got %q", got)
	}
	s.wantRecord(KindRequest, "a.test", Allowed, "")
	s.wantRecord(KindRequest, "b.test", Refused, ReasonHost)

	// Chunk sizes that parsers read in different ways end the request.
	for _, chunks := range []string{"0x3\r\nabc\r\n0\r\n\r\n", "-1\r\n\r\n", "3\nabc\n0\n\n" + inner, "3 3\r\nabc\r\n0\r\n\r\n", "ffffffffffffffffff\r\n"} {
		got := s.raw("POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
		if strings.Contains(got, "b.test") && !strings.Contains(got, "403") {
			t.Errorf("%q: %q", chunks, got)
		}
		for len(s.told) > 0 {
			s.record()
		}
	}
}

// A header that comes too slowly is given up, and so is none at all.
func TestSlowHeader(t *testing.T) {
	s := start(t, policy.Unrestricted(), serve(t, never(t), "a.test"), func(c *Config) { c.HeaderTimeout = 50 * time.Millisecond })
	if got := s.raw("GET http://a.test/ HTTP/1.1\r\nHost: a.t"); status(got) != "408" {
		t.Errorf("got %q", got)
	}
	s.wantRecord(KindRequest, "", Failed, ReasonTimeout)
	if got := s.raw(""); got != "" {
		t.Errorf("got %q", got)
	}
	conn := s.dial()
	if _, err := io.WriteString(conn, "GET http://a.test/ HT"); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || status(string(got)) != "400" {
		t.Errorf("%q, %v", got, err)
	}
	s.wantRecord(KindRequest, "", Refused, ReasonRequest)
}

// A header that comes a byte at a time is read like any other.
func TestDrippingHeader(t *testing.T) {
	s := start(t, policy.Unrestricted(), serve(t, echo, "a.test"), nil)
	conn := s.dial()
	for _, b := range []byte("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n") {
		if _, err := conn.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := io.ReadAll(conn); err != nil || status(string(got)) != "200" {
		t.Errorf("%q, %v", got, err)
	}
}

// A request in a tunnel can't carry a target that its host would take for
// another host's.
func TestTargetWithinTunnel(t *testing.T) {
	s := start(t, limited(t, "a.test"), serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Host != "a.test" {
			t.Errorf("%s %s came as a request for %s", r.Method, r.RequestURI, r.Host)
		}
	}, "a.test"), nil)
	for target, want := range map[string]string{
		"/":                       "200",
		"//b.test/":               "200", // a path to everybody
		"http://a.test/":          "200",
		"x:http://b.test/":        "400",
		"x:b.test":                "400",
		"http:http://b.test/":     "400",
		"http:b.test":             "400",
		"x:/":                     "400",
		"https://a.test/":         "400",
		"http://b.test/":          "400",
		"http://a.test@b.test/":   "400",
		"http:///b.test/":         "400",
		"x:http://b.test/%20?a=b": "400",
	} {
		got := s.raw("CONNECT a.test:80 HTTP/1.1\r\n\r\nGET " + target + " HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
		_, inner, _ := strings.Cut(got, "\r\n\r\n")
		if status(got) != "200" || status(inner) != want {
			t.Errorf("%s: %q", target, got)
		}
		for len(s.told) > 0 {
			s.record()
		}
	}
}
