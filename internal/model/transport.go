package model

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// idlePerHost is how many idle connections to one upstream are kept: as many
// as sessions commonly think at once.
const idlePerHost = 512

// newHTTPClient makes the one HTTP client of a table.
func newHTTPClient(g guard) *http.Client {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.MaxIdleConns = 0
	tr.MaxIdleConnsPerHost = idlePerHost
	tr.DisableCompression = true // a compressed event stream arrives late
	tr.ReadBufferSize = 16 << 10
	tr.WriteBufferSize = 16 << 10
	g.base = tr
	return &http.Client{
		Transport: g,
		// net/http would carry x-api-key along to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// errTooLarge ends an answer longer than the limit.
var errTooLarge = errors.New("the answer is too large")

// errSilent ends the wait for an upstream.
type errSilent struct{ after time.Duration }

func (e errSilent) Error() string { return fmt.Sprintf("the upstream sent nothing for %s", e.after) }

// guard is a transport that gives up on upstreams that fall silent or never
// stop talking.
type guard struct {
	base  http.RoundTripper
	first time.Duration // until the first byte of the body; negative: no limit
	idle  time.Duration // between bytes; negative: no limit
	limit int64         // bytes of a body
}

// CloseIdleConnections makes http.Client.CloseIdleConnections work.
func (g guard) CloseIdleConnections() {
	if c, ok := g.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	b := &guardedBody{ctx: ctx, cancel: cancel, idle: g.idle, left: g.limit}
	b.arm(g.first)
	res, err := g.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		err = b.cause(err)
		b.stop()
		return nil, err
	}
	b.rc, res.Body = res.Body, b
	return res, nil
}

// guardedBody is a response body under guard. One goroutine reads it.
type guardedBody struct {
	rc     io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	wait   atomic.Int64 // what the timer waits for, in nanoseconds
	idle   time.Duration
	left   int64
}

func (b *guardedBody) Read(p []byte) (int, error) {
	n, err := b.rc.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	if err != nil {
		return n, b.cause(err)
	}
	if n > 0 {
		b.arm(b.idle)
	}
	return n, nil
}

// arm starts the wait for the next byte.
func (b *guardedBody) arm(d time.Duration) {
	b.wait.Store(int64(d))
	switch {
	case d <= 0:
		if b.timer != nil {
			b.timer.Stop()
		}
	case b.timer == nil:
		b.timer = time.AfterFunc(d, func() { b.cancel(errSilent{time.Duration(b.wait.Load())}) })
	default:
		b.timer.Reset(d)
	}
}

// hurry shortens the wait for what may still come after a complete answer.
func (b *guardedBody) hurry(d time.Duration) {
	b.idle = d
	b.arm(d)
}

// cause is our own reason behind an error of the connection, if there is one.
func (b *guardedBody) cause(err error) error {
	var silent errSilent
	if err != io.EOF && errors.As(context.Cause(b.ctx), &silent) {
		return silent
	}
	return err
}

func (b *guardedBody) Close() error {
	b.stop()
	return b.rc.Close()
}

func (b *guardedBody) stop() {
	if b.timer != nil {
		b.timer.Stop()
	}
	b.cancel(nil)
}
