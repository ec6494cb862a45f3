package model

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/anthropics/anthropic-sdk-go/v2/packages/ssestream"
)

// drainTime is how long a complete answer waits for the end of its response,
// without which the connection could not be used again.
const drainTime = 100 * time.Millisecond

// errBroken is a stream that ended before its message did.
var errBroken = errors.New("the stream ended before the message was complete")

// readAnswer reads a response to its end and closes it.
func readAnswer(res *http.Response, sink func(Delta)) (_ *Response, err error) {
	defer func() { err = errors.Join(err, closeBody(res, err)) }()
	if res.StatusCode != http.StatusOK {
		return nil, statusError(res.StatusCode)
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "text/event-stream":
		return readEvents(res, sink)
	case err == nil && kind == "application/json": // a server that doesn't stream
		return readWhole(res.Body, sink)
	}
	return nil, fmt.Errorf("the upstream answered with content type %q, not an event stream", res.Header.Get("Content-Type"))
}

// closeBody closes a response. After a complete answer nothing can go wrong
// any more that the caller would want to hear of.
func closeBody(res *http.Response, failed error) error {
	if err := res.Body.Close(); err != nil && failed != nil {
		return err
	}
	return nil
}

func readEvents(res *http.Response, sink func(Delta)) (*Response, error) {
	dec := ssestream.NewDecoder(res)
	acc := accumulator{sink: sink}
	for dec.Next() {
		ev := dec.Event()
		if err := acc.event(ev.Type, ev.Data); err != nil {
			return nil, err
		}
		if acc.stopped {
			drain(dec, res.Body)
			return acc.response()
		}
	}
	if err := dec.Err(); err != nil {
		return nil, err
	}
	if !acc.complete() { // some servers forget message_stop
		return nil, errBroken
	}
	return acc.response()
}

// drain reads what follows a complete message, which should be nothing. How
// that ends is of no interest: if it takes too long the connection is closed.
func drain(dec ssestream.Decoder, body io.Reader) {
	if b, ok := body.(*guardedBody); ok {
		b.hurry(drainTime)
		b.left = min(b.left, 64<<10)
	}
	for dec.Next() {
	}
}

// statusError is a status that is neither a success nor a failure.
type statusError int

func (e statusError) Error() string {
	return fmt.Sprintf("the upstream answered with status %d", int(e))
}
