package gate

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// echo answers with the request as it arrived.
func echo(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if _, ok := r.Header["User-Agent"]; !ok {
		r.Header["User-Agent"] = nil // or else Write adds its own
	}
	if err := r.Write(&b); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Proxy-Authenticate", "Basic")
	w.Header().Set("Content-Length", fmt.Sprint(b.Len()))
	_, _ = w.Write(b.Bytes())
}

func TestForward(t *testing.T) {
	s := start(t, limited(t, "api.example.com"), serve(t, echo, "api.example.com"), nil)
	req, err := http.NewRequest("POST", "http://API.example.com./a%2Fb/../c?q=%41&x", strings.NewReader("the body"))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Proxy-Authorization": "Basic c2VjcmV0", "Proxy-Connection": "keep-alive", "Keep-Alive": "5",
		"Connection": "x-private", "X-Private": "no", "X-Kept": "yes", "Te": "trailers", "Upgrade": "h2c",
		"X-Forwarded-For": "1.2.3.4", "User-Agent": "",
	} {
		req.Header.Set(name, value)
	}
	resp, err := s.client(nil).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	got := body(t, resp)
	if want := "POST /a%2Fb/../c?q=%41&x HTTP/1.1\r\nHost: api.example.com\r\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q", got)
	}
	for _, no := range []string{"Proxy-", "Keep-Alive", "X-Private", "Te:", "Upgrade", "Connection", "Via", "gzip", "Go-http"} {
		if strings.Contains(got, no) {
			t.Errorf("%s was passed on: %q", no, got)
		}
	}
	for _, yes := range []string{"X-Kept: yes", "X-Forwarded-For: 1.2.3.4", "\r\n\r\nthe body"} {
		if !strings.Contains(got, yes) {
			t.Errorf("%s wasn't passed on: %q", yes, got)
		}
	}
	if resp.Header.Get("Proxy-Authenticate") != "" {
		t.Error("Proxy-Authenticate of a host was passed on")
	}
	r := s.wantRecord(KindRequest, "api.example.com", Allowed, "")
	if r.Port != 80 || r.Up != 8 || r.Down != int64(len(got)) || !strings.HasPrefix(r.Addr, "127.0.0.1:") {
		t.Errorf("record %+v", r)
	}
}

// Bodies of every framing come through whole, both ways, over one connection
// of the client.
func TestBodies(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 200<<10) // 3.2 MB
	s := start(t, policy.Unrestricted(), serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Trailer", "X-Sum")
		if r.URL.Path == "/length" {
			w.Header().Del("Trailer")
			w.Header().Set("Content-Length", fmt.Sprint(len(b)))
		}
		if r.URL.Path == "/none" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_, _ = w.Write(b)
		w.Header().Set("X-Sum", fmt.Sprint(len(b)))
	}, "b.test"), nil)
	client := s.client(nil)
	for _, c := range []struct {
		name, path, send string
		chunked          bool
		want             string
	}{
		{"length both", "/length", big, false, big},
		{"chunked both", "/chunked", big, true, big},
		{"small", "/chunked", "x", false, "x"},
		{"empty", "/length", "", false, ""},
		{"no content", "/none", "x", true, ""},
	} {
		var r io.Reader = strings.NewReader(c.send)
		if c.chunked {
			r = io.MultiReader(r)
		}
		resp, err := client.Post("http://b.test"+c.path, "text/plain", r)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := body(t, resp); got != c.want {
			t.Errorf("%s: %d bytes came back", c.name, len(got))
		}
		if c.path == "/chunked" && resp.Trailer.Get("X-Sum") != fmt.Sprint(len(c.send)) {
			t.Errorf("%s: trailer %v", c.name, resp.Trailer)
		}
		s.wantRecord(KindRequest, "b.test", Allowed, "")
	}
	resp, err := client.Head("http://b.test/length")
	if err != nil || body(t, resp) != "" || resp.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %v, %v", resp, err)
	}
}

// Pipelined requests are answered in order, one decision each.
func TestPipelined(t *testing.T) {
	s := start(t, limited(t, "a.test"), serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	}, "a.test", "b.test"), nil)
	get := func(host, path string) string {
		return "GET http://" + host + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	}
	got := s.raw(get("a.test", "/1") + get("a.test", "/2") + get("b.test", "/3") + get("a.test", "/4"))
	br := bufio.NewReader(strings.NewReader(got))
	for i, want := range []string{"/1", "/2", "403"} {
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatalf("%v in %q", err, got)
		}
		b := body(t, resp)
		if i < 2 && b != want || i == 2 && resp.StatusCode != http.StatusForbidden {
			t.Errorf("answer %d: %s %q", i, resp.Status, b)
		}
	}
	if _, err := br.Peek(1); err != io.EOF {
		t.Errorf("something follows the refusal: %q", got)
	}
}

// An answer is passed on as it comes: an event stream, and a client that
// leaves in the middle of it.
func TestStreaming(t *testing.T) {
	left := make(chan struct{})
	next := make(chan struct{})
	s := start(t, policy.Unrestricted(), serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 2 {
			_, _ = io.WriteString(w, "data: x\n\n")
			w.(http.Flusher).Flush()
			<-next
		}
		<-r.Context().Done()
		close(left)
	}, "sse.test"), nil)
	resp, err := s.client(nil).Get("http://sse.test/")
	if err != nil {
		t.Fatal(err)
	}
	event := make([]byte, 9)
	for range 2 {
		if _, err := io.ReadFull(resp.Body, event); err != nil || string(event) != "data: x\n\n" {
			t.Fatalf("%q, %v", event, err)
		}
		next <- struct{}{}
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	<-left
	s.wantRecord(KindRequest, "sse.test", Allowed, ReasonGone)
}

// A client that leaves before there is an answer ends the request to the host.
func TestClientLeaves(t *testing.T) {
	arrived, left := make(chan struct{}, 2), make(chan struct{}, 2)
	s := start(t, policy.Unrestricted(), serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done()
		left <- struct{}{}
	}, "slow.test"), nil)
	for _, request := range []string{
		"GET http://slow.test/ HTTP/1.1\r\nHost: slow.test\r\n\r\n",
		"POST http://slow.test/ HTTP/1.1\r\nHost: slow.test\r\nContent-Length: 4\r\n\r\nbody",
	} {
		conn := s.dial()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		<-arrived
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		<-left
		s.wantRecord(KindRequest, "slow.test", Failed, ReasonGone)
	}
}

// The host answers before the whole body was sent: the client gets the answer
// and the connection ends.
func TestEarlyAnswer(t *testing.T) {
	s := start(t, policy.Unrestricted(), serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	}, "early.test"), nil)
	conn := s.dial()
	if _, err := io.WriteString(conn, "POST http://early.test/ HTTP/1.1\r\nHost: early.test\r\nContent-Length: 100000000\r\n\r\nfirst"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || status(string(answer)) != "413" || !strings.Contains(string(answer), "Connection: close") {
		t.Errorf("%q, %v", answer, err)
	}
}

// The body is asked for when the host wants it, and not before.
func TestExpectContinue(t *testing.T) {
	s := start(t, policy.Unrestricted(), serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		echo(w, r)
	}, "e.test"), nil)
	head := "POST http://e.test/%s HTTP/1.1\r\nHost: e.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"

	conn := s.dial()
	if _, err := fmt.Fprintf(conn, head, "yes"); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(conn)
	line, err := br.ReadString('\n')
	if err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := br.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "body"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(br, nil)
	if err != nil || !strings.HasSuffix(body(t, resp), "\r\n\r\nbody") {
		t.Errorf("%v, %v", resp, err)
	}
	if got := s.raw(fmt.Sprintf(head, "no")); status(got) != "401" {
		t.Errorf("got %q", got)
	}
}

func TestWebsocket(t *testing.T) {
	s := start(t, limited(t, "ws.test"), serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Sec-Websocket-Key") != "k" {
			http.Error(w, "no upgrade", http.StatusBadRequest)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: b\r\n\r\nhello")
		_, _ = io.Copy(conn, rw) // echoes until the client is done
		_, _ = io.WriteString(conn, " bye")
		_ = conn.Close()
	}, "ws.test"), nil)
	conn := s.dial()
	if _, err := io.WriteString(conn, "GET http://ws.test/ HTTP/1.1\r\nHost: ws.test\r\nConnection: keep-alive, Upgrade\r\n"+
		"Upgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n\r\nearly"); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 101 ") || !strings.Contains(string(got), "X-A: b\r\n") ||
		!strings.HasSuffix(string(got), "\r\n\r\nhelloearly bye") {
		t.Errorf("%q, %v", got, err)
	}
	r := s.wantRecord(KindRequest, "ws.test", Allowed, "")
	if r.Up != 5 || r.Down != 14 {
		t.Errorf("record %+v", r)
	}
}

// A host that switches protocols though it wasn't asked to gets nowhere.
func TestUnwantedUpgrade(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nsurprise")
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}()
	defer func() { _ = l.Close(); <-done }()
	s := start(t, limited(t, "up.test"), names(t, l.Addr(), "up.test"), nil)
	got := s.raw("GET http://up.test/ HTTP/1.1\r\nHost: up.test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
	if status(got) != "502" || strings.Contains(got, "surprise") {
		t.Errorf("got %q", got)
	}
	s.wantRecord(KindRequest, "up.test", Failed, ReasonBroken)
}

func TestIdle(t *testing.T) {
	s := start(t, policy.Unrestricted(), serve(t, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}, "slow.test"), func(c *Config) { c.IdleTimeout = 50 * time.Millisecond })
	if got := s.raw("GET http://slow.test/ HTTP/1.1\r\nHost: slow.test\r\n\r\n"); status(got) != "504" {
		t.Errorf("got %q", got)
	}
	s.wantRecord(KindRequest, "slow.test", Failed, ReasonTimeout)
}
