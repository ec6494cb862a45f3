package oauth

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ostlerdev/ostler/internal/wire"
)

// older is a visit to a server over the older HTTP with SSE: a stream names an
// endpoint for messages and brings the answers to them.
type older struct {
	*probe
	stream   *http.Response
	events   *events
	endpoint string
	timer    *time.Timer // ends the visit when a step takes too long
}

// older tells whether a server that answers so to a message may know only the
// older transport.
func (s *step) older() bool {
	switch s.status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusGone, http.StatusUnsupportedMediaType:
		return true
	}
	return false
}

// visitOlder makes the steps of a probe over the older transport; ok is false
// if the server doesn't have it.
func (p *probe) visitOlder(ctx context.Context) (failed *step, ok bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.session, p.version = "", ""
	o := &older{probe: p, timer: time.AfterFunc(stepTime, cancel)}
	defer o.timer.Stop()
	if failed, ok = o.open(ctx); failed == nil && ok {
		defer o.stream.Body.Close()
		failed = p.visit(ctx, o.call)
	}
	return failed, ok
}

// open opens the stream. A server that refuses the token here has the
// transport.
func (o *older) open(ctx context.Context) (failed *step, ok bool) {
	res, err := o.send(ctx, http.MethodGet, o.url, "")
	if err != nil {
		return nil, false
	}
	kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	o.stream, o.events = res, newEvents(io.LimitReader(res.Body, maxStep))
	failed = &step{MCPProbe: wire.MCPProbe{Method: methodInit}, status: res.StatusCode}
	switch {
	case failed.refused():
		failed.HTTPResponse = o.scrub.response(res, o.beginning(res))
		ok = true
	case res.StatusCode/100 == 2 && strings.EqualFold(strings.TrimSpace(kind), "text/event-stream"):
		if ok = o.meet(); ok {
			return nil, true
		}
	}
	_ = res.Body.Close() // nothing depends on it
	return failed, ok
}

// meet reads where messages go: to an address of the same server, for the
// token goes with them.
func (o *older) meet() bool {
	name, data, err := o.events.next()
	if err != nil || name != "endpoint" {
		return false
	}
	base, err := url.Parse(o.url)
	if err != nil {
		return false
	}
	to, err := base.Parse(strings.TrimSpace(string(data)))
	if err != nil || to.Scheme != base.Scheme || to.Host != base.Host {
		return false
	}
	o.endpoint = to.String()
	return true
}

func (o *older) beginning(res *http.Response) []byte {
	body, err := io.ReadAll(io.LimitReader(res.Body, maxRead+1))
	if err != nil {
		return nil
	}
	return body
}

// call sends a message and reads the result of the answer to it.
func (o *older) call(ctx context.Context, method, message string) (jsontext.Value, *step) {
	o.timer.Reset(stepTime)
	failed := &step{MCPProbe: wire.MCPProbe{Method: method}}
	res, err := o.send(ctx, http.MethodPost, o.endpoint, message)
	if err != nil {
		return nil, failed
	}
	body := o.beginning(res)
	_ = res.Body.Close() // it is read
	switch {
	case res.StatusCode/100 != 2:
		failed.status, failed.HTTPResponse = res.StatusCode, o.scrub.response(res, body)
		return nil, failed
	case !wanted(method):
		return nil, nil
	}
	if body, err = o.events.answer(); err != nil {
		return nil, failed
	}
	if result, ok := resultOf(method, body); ok {
		return result, nil
	}
	failed.status, failed.HTTPResponse = o.stream.StatusCode, o.scrub.response(o.stream, body)
	return nil, failed
}
