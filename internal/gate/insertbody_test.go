package gate

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// longest is how much a Reader must see to know what begins at a place.
var longest = max(len(ph1), len(ph12), len(ph2))

// specified says what arrives of a body: at each place before the limit the
// longest placeholder that stands there is replaced.
func specified(in string, limit int) string {
	news := map[string]string{ph1: secret, ph12: long, ph2: ""}
	var out strings.Builder
	for at := 0; at < len(in); {
		best := ""
		for old := range news {
			if strings.HasPrefix(in[at:], old) && len(old) > len(best) {
				best = old
			}
		}
		if best == "" || at >= limit {
			out.WriteByte(in[at])
			at++
			continue
		}
		out.WriteString(news[best])
		at += len(best)
	}
	return out.String()
}

func threeSecrets() Secrets {
	return fixed(Grants{Substitutions: []Substitution{
		credential("vcrd_1", ph1, secret), credential("vcrd_12", ph12, long), credential("vcrd_2", ph2, ""),
	}})
}

// Whatever a body holds, however it is cut into pieces and chunks and whichever
// way it goes, what arrives is what the specification says.
func TestBodyAsSpecified(t *testing.T) {
	const limit = 400
	b := startBackend(t)
	s, client := b.startSecrets(t, policy.Unrestricted(), threeSecrets(), func(c *Config) { c.MaxScan = limit })
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{ph1, ph12, ph2, ph12 + "3", ph1[:len(ph1)-1], ph12[:7], "CMA_", "\r\n", "0\r\n\r\n", "\x00"}),
		rapid.StringN(0, 40, -1), rapid.Map(rapid.IntRange(0, 200), func(n int) string { return strings.Repeat("-", n) }),
	)
	rapid.Check(t, func(r *rapid.T) {
		in := strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(r, "pieces"), "")
		cuts := rapid.SliceOfN(rapid.IntRange(1, 60), 0, 40).Draw(r, "cuts")
		base := rapid.SampledFrom([]string{"http://" + plainHost, "https://" + secureHost}).Draw(r, "to")
		chunked := rapid.Bool().Draw(r, "chunked")
		encoded := rapid.SampledFrom([]string{"", "", "identity", "gzip", "br, identity"}).Draw(r, "encoding")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base, &cutter{rest: in, cuts: cuts})
		if err != nil {
			r.Fatal(err)
		}
		if !chunked {
			req.ContentLength = int64(len(in))
			if in == "" {
				req.Body = http.NoBody
			}
		}
		want := specified(in, limit)
		if encoded != "" {
			req.Header.Set("Content-Encoding", encoded)
			if encoded != "identity" {
				want = in
			}
		}
		resp, err := client.Do(req)
		if err != nil {
			r.Fatal(err)
		}
		if got := body(t, resp); got != "ok" {
			r.Fatalf("%s %q", resp.Status, got)
		}
		a := b.arrival(t)
		if a.body != want {
			r.Fatalf("arrived\n%q, want\n%q", a.body, want)
		}
		if !chunked && a.ContentLength != int64(len(want)) {
			r.Fatalf("Content-Length %d, want %d", a.ContentLength, len(want))
		}
		for len(s.told) > 0 {
			s.record()
		}
	})
}

// cutter is a body that comes in pieces.
type cutter struct {
	rest string
	cuts []int
}

func (c *cutter) Read(p []byte) (int, error) {
	if c.rest == "" {
		return 0, io.EOF
	}
	n := len(c.rest)
	if len(c.cuts) > 0 {
		n, c.cuts = c.cuts[0], c.cuts[1:]
	}
	n = copy(p, c.rest[:min(n, len(c.rest))])
	c.rest = c.rest[n:]
	return n, nil
}

// Around the limit of what is looked at a placeholder is replaced whole or left
// whole, and the length is right.
func TestBodyLimit(t *testing.T) {
	const limit = 1000
	b := startBackend(t)
	_, client := b.startSecrets(t, limited(t, plainHost), threeSecrets(), func(c *Config) { c.MaxScan = limit })
	for at := limit - longest - 2; at <= limit+2; at++ {
		for _, size := range []int{at + longest, at + longest + 1, limit + longest, limit + longest + 1, 5000} {
			for _, chunked := range []bool{false, true} {
				in := strings.Repeat("-", at) + ph12
				in += strings.Repeat("-", max(0, size-len(in)))
				body(t, sending{body: in, chunked: chunked}.do(t, client, "http://"+plainHost))
				a := b.arrival(t)
				if want := specified(in, limit); a.body != want || !chunked && a.ContentLength != int64(len(want)) {
					t.Errorf("at %d of %d, chunked %v: %d bytes arrived, %d announced, want %d", at, size, chunked, len(a.body), a.ContentLength, len(want))
				}
				if replaced := strings.Contains(a.body, long); replaced != (at < limit) {
					t.Errorf("at %d: replaced %v", at, replaced)
				}
			}
		}
	}
}

// Large bodies come through whole, with what is in their first part replaced.
func TestLargeBody(t *testing.T) {
	b := startBackend(t)
	s, client := b.startSecrets(t, limited(t, plainHost, secureHost), threeSecrets(), nil)
	line := strings.Repeat("0123456789abcdef", 64) + ph12 + ph1
	in := strings.Repeat(line, 15<<20/len(line))
	want := specified(in, 10<<20)
	for _, base := range []string{"http://" + plainHost, "https://" + secureHost} {
		for _, chunked := range []bool{false, true} {
			body(t, sending{body: in, chunked: chunked}.do(t, client, base))
			if a := b.arrival(t); a.body != want {
				t.Errorf("%s: %d bytes arrived, want %d", base, len(a.body), len(want))
			}
			r := s.record()
			if r.Kind == KindTunnel {
				r = s.record()
			}
			n := strings.Count(want, long)
			if r.Up != int64(len(in)) || len(r.Credentials) != 2 || r.Credentials[1] != (Use{"vcrd_12", PlaceBody, n}) {
				t.Errorf("%s: record %+v, want %d", base, r, n)
			}
		}
	}
}

// Only so many bodies are kept at once; the next waits, and goes on when one of
// them is done.
func TestKeptBodies(t *testing.T) {
	const limit = 1 << 10
	b := startBackend(t)
	s, client := b.startSecrets(t, limited(t, plainHost), threeSecrets(), func(c *Config) { c.MaxScan = limit })
	head := fmt.Sprintf("POST http://%s/ HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", plainHost, plainHost, limit)
	slow := make([]io.Writer, keptBodies)
	for i := range slow {
		conn := s.dial()
		if _, err := io.WriteString(conn, head+"begin"); err != nil {
			t.Fatal(err)
		}
		slow[i] = conn
	}
	// All of them are being kept when there is room for no more.
	for s.port.bodies.TryAcquire(1) {
		s.port.bodies.Release(1)
	}
	waiting := make(chan error, 1)
	go func() {
		resp, err := client.Post("http://"+plainHost, "text/plain", strings.NewReader(strings.Repeat("x", limit)))
		if err == nil {
			err = resp.Body.Close()
		}
		waiting <- err
	}()
	// A request without a body isn't held up, nor one that is streamed.
	body(t, sending{method: "GET"}.do(t, client, "http://"+plainHost))
	body(t, sending{body: ph1, chunked: true}.do(t, client, "http://"+plainHost))
	for range 2 {
		if a := b.arrival(t); strings.HasPrefix(a.body, "x") {
			t.Fatal("a body too many was taken")
		}
	}
	arrived := map[string]int{}
	for _, w := range slow {
		if _, err := io.WriteString(w, strings.Repeat("-", limit-len("begin"))); err != nil {
			t.Fatal(err)
		}
	}
	for range len(slow) + 1 {
		arrived[b.arrival(t).body[:1]]++
	}
	if err := <-waiting; err != nil || arrived["b"] != len(slow) || arrived["x"] != 1 {
		t.Errorf("%v; arrived %v", err, arrived)
	}
	body(t, sending{body: strings.Repeat(ph2, limit/len(ph2))}.do(t, client, "http://"+plainHost))
	if a := b.arrival(t); a.body != "" || a.ContentLength != 0 {
		t.Errorf("%q arrived", a.body)
	}
	// All room is given back, a moment after the last answer.
	if err := s.port.bodies.Acquire(t.Context(), keptBodies*limit); err != nil {
		t.Error(err)
	}
}

// A body of unknown length is passed on as it comes, while the client waits in
// the middle of it.
func TestStreamedBody(t *testing.T) {
	got := make(chan string)
	list := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 100)
		for {
			n, err := r.Body.Read(buf)
			if n > 0 {
				got <- string(buf[:n])
			}
			if err != nil {
				close(got)
				return
			}
		}
	}, plainHost)
	b := &backend{names: list}
	s, _ := b.startSecretsWithoutRoots(t, threeSecrets())
	conn := s.dial()
	if _, err := fmt.Fprintf(conn, "POST http://%s/ HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n", plainHost, plainHost); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ send, want string }{
		{"first", "first"}, {ph2[:9], ""}, {ph2[9:] + "then", "then"}, {"a" + ph12 + "b", "a" + long + "b"}, {ph1, ""}, {"\x00", secret + "\x00"},
	} {
		if _, err := fmt.Fprintf(conn, "%x\r\n%s\r\n", len(step.send), step.send); err != nil {
			t.Fatal(err)
		}
		for came := ""; came != step.want; {
			select {
			case more := <-got:
				if came += more; !strings.HasPrefix(step.want, came) {
					t.Fatalf("after %q came %q", step.send, came)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("after %q came only %q", step.send, came)
			}
		}
	}
	if _, err := io.WriteString(conn, "0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if more, open := <-got; open {
		t.Errorf("more came: %q", more)
	}
	if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode != 200 {
		t.Errorf("%v, %v", resp, err)
	}
}

// A client that waits for a 100 (Continue) gets it, because the gate has to see
// the body; trailers go on as they are.
func TestExpectAndTrailer(t *testing.T) {
	b := startBackend(t)
	s, client := b.startSecrets(t, policy.Unrestricted(), threeSecrets(), nil)
	conn := s.dial()
	br := bufio.NewReader(conn)
	if _, err := fmt.Fprintf(conn, "POST http://%s/ HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", plainHost, plainHost, len(ph12)); err != nil {
		t.Fatal(err)
	}
	line, err := br.ReadString('\n')
	if err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := br.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, ph12); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v, %v", resp, err)
	}
	if a := b.arrival(t); a.body != long {
		t.Errorf("arrived %q", a.body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+secureHost, io.MultiReader(strings.NewReader(ph1)))
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{"X-Sum": {ph1}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body(t, resp)
	if a := b.arrival(t); a.body != secret || a.Trailer.Get("X-Sum") != ph1 {
		t.Errorf("arrived %q with %v", a.body, a.Trailer)
	}
}

// A client that leaves in the middle of a body leaves nothing behind, and no
// part of a request with a length reaches the host.
func TestClientLeavesBody(t *testing.T) {
	b := startBackend(t)
	s, _ := b.startSecrets(t, policy.Unrestricted(), threeSecrets(), nil)
	conn := s.dial()
	if _, err := fmt.Fprintf(conn, "POST http://%s/ HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\n\r\n%s", plainHost, plainHost, ph1); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if r := s.record(); r.Verdict != Failed || r.Addr != "" || r.Credentials != nil {
		t.Errorf("record %+v", r)
	}
	b.none(t)
	if err := s.port.bodies.Acquire(t.Context(), keptBodies*10<<20); err != nil {
		t.Error(err)
	}
}
