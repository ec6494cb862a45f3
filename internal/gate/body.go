package gate

import (
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
)

// requestBody is the body of a request while the transport sends it, which
// reads it in a goroutine of its own.
type requestBody struct {
	x     *exchange
	r     io.Reader
	atEnd atomic.Bool // all of it has been read

	reading sync.Mutex // held by Read
	over    bool       // nothing is read any more; guarded by reading

	mu      sync.Mutex
	expects bool // the client waits for a 100 (Continue)
}

func newRequestBody(x *exchange) *requestBody {
	return &requestBody{
		x: x, r: x.req.Body,
		expects: x.req.ProtoAtLeast(1, 1) && strings.EqualFold(x.req.Header.Get("Expect"), "100-continue"),
	}
}

// errOver answers a read after finish.
var errOver = errors.New("the exchange is over")

// Read reads from the client. The first read asks a client that waits for it
// to send the body, because the host wants it now.
func (b *requestBody) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	if b.over {
		return 0, errOver
	}
	if err := b.proceed(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if n > 0 {
		b.x.f.up.Add(int64(n))
		b.x.dog.touch()
	}
	if err == io.EOF && !b.atEnd.Load() {
		b.x.watch()
		b.atEnd.Store(true)
	}
	return n, err
}

// Close implements io.Closer. It leaves the body as net/http made it open,
// because closing that would read all of it.
func (b *requestBody) Close() error { return nil }

// proceed sends the 100 (Continue) that the client waits for, unless the
// answer has begun.
func (b *requestBody) proceed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.expects {
		return nil
	}
	b.expects = false
	_, err := io.WriteString(b.x.c, "HTTP/1.1 100 Continue\r\n\r\n")
	return err
}

// answered says that the answer begins: it is too late for a 100 (Continue).
func (b *requestBody) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expects = false
}

// finish ends the reading. A read that is under way must have been made to
// return, by the end of the body or by interrupting the client.
func (b *requestBody) finish() {
	b.reading.Lock()
	defer b.reading.Unlock()
	b.over = true
}
