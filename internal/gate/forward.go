package gate

import (
	"context"
	"net/http"
	"net/http/httptrace"
)

// exchange is one HTTP request on its way to the host and back.
type exchange struct {
	f    *flow
	c    *client
	req  *http.Request // as it came
	body *requestBody  // nil if the request has none
	dog  *watchdog
	stop func() // ends the interruption of the client when the flow ends
}

// forward passes a request that was admitted on, and its answer back. It says
// whether another request may follow on the client's connection.
func (p *Port) forward(f *flow, c *client, req *http.Request) (again bool) {
	x := &exchange{f: f, c: c, req: req}
	x.dog = newWatchdog(p.gate.cfg.IdleTimeout, func() { f.cancel(errIdle) })
	x.stop = onDone(f.ctx, c.interrupt)
	out := x.outbound()
	if x.body == nil {
		x.watch()
	}
	done, err := x.insert(out)
	defer done()
	if err != nil {
		x.finish()
		f.rec.Credentials = nil
		f.fail(c, err)
		return false
	}
	resp, err := p.transport.RoundTrip(out)
	if err != nil {
		x.finish()
		f.fail(c, err)
		return false
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		x.finish()
		x.upgrade(resp)
		return false
	}
	again, err = x.respond(resp)
	f.allowed(err)
	return x.finish() && again && err == nil
}

// outbound is the request as the host gets it: the target and the Host field
// are made anew from what was decided on, nothing of the connection or for
// proxies is passed on, and nothing is added.
func (x *exchange) outbound() *http.Request {
	trace := &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		x.f.rec.Addr = got.Conn.RemoteAddr().String()
	}}
	ctx := context.WithValue(x.f.ctx, spareKey{}, x.c.spare)
	out := x.req.Clone(httptrace.WithClientTrace(ctx, trace))
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host = string(x.c.scheme), x.f.to.String()
	out.Host = x.f.to.authority(x.c.scheme)
	out.Close = false
	stripHop(out.Header)
	if wantsWebsocket(x.req) {
		out.Header.Set("Connection", "Upgrade")
		out.Header.Set("Upgrade", "websocket")
	}
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = nil // the transport would put its own in
	}
	out.Trailer = x.req.Trailer // filled in when the body has been read
	out.TransferEncoding = nil
	if x.req.Body != nil && x.req.Body != http.NoBody {
		x.body = newRequestBody(x)
		out.Body = x.body
	}
	return out
}

// watch notices a client that hangs up while it waits for the answer.
func (x *exchange) watch() { x.c.watch(func() { x.f.cancel(errGone) }) }

// finish ends what runs beside the exchange and waits for it: the reading of
// the body, the watcher, the interruption. It says whether the whole body has
// been read, without which the connection can't go on.
func (x *exchange) finish() bool {
	whole := x.body == nil || x.body.atEnd.Load()
	if !whole {
		x.f.cancel(context.Canceled)
		x.c.interrupt()
	}
	if x.body != nil {
		x.body.finish()
	}
	x.c.unwatch()
	x.dog.stop()
	x.stop()
	x.c.resume()
	return whole
}
