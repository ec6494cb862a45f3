package gate

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

func TestParseHead(t *testing.T) {
	for in, want := range map[string]head{
		"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n":                {"GET", "http://a.test/", "a.test", false},
		"GET / HTTP/1.0\r\n\r\n":                                             {"GET", "/", "", false},
		"POST / HTTP/1.1\r\nhost:\ta.test \r\ncontent-length: 0\r\n\r\n":     {"POST", "/", "a.test", true},
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:  Chunked\r\n\r\n":  {"POST", "/", "a", true},
		"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nX: \xe4\r\n\r\n": {"CONNECT", "a.test:443", "a.test:443", false},
		"M-SEARCH * HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX: a:b\tc\r\n\r\n":    {"M-SEARCH", "*", "a", false},
	} {
		if got, err := parseHead([]byte(in)); err != nil || got != want {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{
		"\r\n\r\n", "GET\r\n\r\n", "GET / \r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", " GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n",
		"GET /a b HTTP/1.1\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.2\r\n\r\n", "GET / http/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n",
		"G(T / HTTP/1.1\r\n\r\n", "GET /\x00 HTTP/1.1\r\n\r\n", "GET /\x7f HTTP/1.1\r\n\r\n", "GET /\t HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
		"GET / HTTP/1.1\r\n: a\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\nA: b\x00\r\n\r\n",
		"GET / HTTP/1.1\r\nA: b\nHost: evil\r\n\r\n", "GET / HTTP/1.1\r\nA: b\rHost: evil\r\n\r\n", "GET / HTTP/1.1\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", "POST / HTTP/1.1\r\nTransfer_Encoding : chunked\r\n\r\n",
	} {
		if got, err := parseHead([]byte(in)); err == nil {
			t.Errorf("%q is accepted: %+v", in, got)
		}
	}
}

// What parseHead accepts net/http reads in the same way, or not at all.
func FuzzParseHead(f *testing.F) {
	f.Add([]byte("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"))
	f.Add([]byte("CONNECT [::1]:443 HTTP/1.0\r\nConnection: close\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		i := bytes.Index(b, []byte("\r\n\r\n"))
		if i < 0 {
			return
		}
		b = b[:i+4]
		h, err := parseHead(b)
		if err != nil {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			return
		}
		if r.Method != h.method || r.RequestURI != h.target {
			t.Fatalf("%q: %+v, net/http reads %s %s", b, h, r.Method, r.RequestURI)
		}
		if r.URL.Host == "" && r.Host != h.host {
			t.Fatalf("%q: host %q, net/http reads %q", b, h.host, r.Host)
		}
		if !h.hasBody && (r.ContentLength > 0 || r.ContentLength < 0 || len(r.TransferEncoding) > 0) {
			t.Fatalf("%q: net/http sees a body", b)
		}
		if strings.ContainsAny(h.host, "\r\n") {
			t.Fatalf("%q: host %q", b, h.host)
		}
	})
}
