package modeltest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Instant is a model upstream for benchmarks: it checks nothing and answers
// every POST at once with bytes made beforehand, over plain HTTP/1.1 with
// keep-alive. It costs a few microseconds of CPU a request.
type Instant struct {
	URL string // base URL

	latency time.Duration
	replies []canned
	ln      net.Listener
	served  atomic.Int64
	serial  atomic.Int64
	wg      sync.WaitGroup
	mu      sync.Mutex
	conns   map[net.Conn]bool
	closed  bool
}

// canned is a whole HTTP response; ids are where tool_use ids have digits that
// change with every answer.
type canned struct {
	raw []byte
	ids []int
}

// StartInstant starts an upstream that answers after latency (0 for at once).
// With one reply it gives that to every request; with two it gives the first
// until a request's last message holds a tool result, and then the second.
func StartInstant(latency time.Duration, replies ...Reply) (*Instant, error) {
	if len(replies) < 1 || len(replies) > 2 {
		return nil, errors.New("modeltest: want one or two replies")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	in := &Instant{URL: "http://" + ln.Addr().String(), latency: latency, ln: ln, conns: map[net.Conn]bool{}}
	s := NewServer()
	for _, r := range replies {
		in.replies = append(in.replies, s.can(r))
	}
	in.wg.Go(in.accept)
	return in, nil
}

// can makes a reply's response.
func (s *Server) can(r Reply) canned {
	const digits = "0000000000000000000000"
	var req Request
	blocks := s.finish(req, r)
	for i := range blocks {
		if blocks[i].kind == "tool_use" {
			blocks[i].id = fmt.Sprintf("toolu_%s%d", digits, i%10)
		}
	}
	var body []byte
	for _, e := range events("msg_instant", "instant", r, blocks, s.usage(req, r, blocks)) {
		body = append(body, e.bytes()...)
	}
	head := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nrequest-id: req_instant\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	c := canned{raw: append([]byte(head), body...)}
	for at := 0; ; {
		i := bytes.Index(c.raw[at:], []byte("toolu_"+digits))
		if i < 0 {
			return c
		}
		at += i + len("toolu_")
		c.ids = append(c.ids, at)
	}
}

// Served is how many requests were answered.
func (in *Instant) Served() int64 { return in.served.Load() }

// Close stops the upstream and waits for its goroutines.
func (in *Instant) Close() error {
	err := in.ln.Close()
	in.mu.Lock()
	in.closed = true
	for c := range in.conns {
		err = errors.Join(err, c.Close())
	}
	in.mu.Unlock()
	in.wg.Wait()
	return err
}

func (in *Instant) accept() {
	for {
		c, err := in.ln.Accept()
		if err != nil {
			return // closed
		}
		in.mu.Lock()
		if !in.closed {
			in.conns[c] = true
			in.wg.Go(func() { in.serve(c) })
		}
		in.mu.Unlock()
	}
}

func (in *Instant) serve(c net.Conn) {
	defer func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		if in.conns[c] && !in.closed {
			delete(in.conns, c)
			c.Close() //nolint:errcheck // the peer has gone or broke the protocol
		}
	}()
	r := bufio.NewReaderSize(c, 32<<10)
	var body, out []byte
	for {
		n, err := readHead(r)
		if err != nil {
			return
		}
		pick := 0
		if len(in.replies) == 1 {
			if _, err := r.Discard(n); err != nil {
				return
			}
		} else {
			body = append(body[:0], make([]byte, n)...)
			if _, err := io.ReadFull(r, body); err != nil {
				return
			}
			if bytes.LastIndex(body, []byte(`"tool_result"`)) > bytes.LastIndex(body, []byte(`"role":"assistant"`)) {
				pick = 1
			}
		}
		if in.latency > 0 {
			time.Sleep(in.latency)
		}
		out = in.replies[pick].fill(out, in.serial.Add(1))
		in.served.Add(1) // before the client can know
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// fill is the response with its own tool_use ids.
func (c canned) fill(buf []byte, serial int64) []byte {
	if len(c.ids) == 0 {
		return c.raw
	}
	buf = append(buf[:0], c.raw...)
	for _, at := range c.ids {
		copy(buf[at:], fmt.Sprintf("%022d", serial))
	}
	return buf
}

// readHead reads a request up to its body and says how long that is.
func readHead(r *bufio.Reader) (length int, err error) {
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 && !first {
			return length, nil
		}
		if k, v, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(k, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return 0, err
			}
		}
	}
}
