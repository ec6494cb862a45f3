package mcp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxRedirects = 5
	maxErrorBody = 64 << 10
	// standingTime is how long a server may take to answer the request for a
	// stream of notifications, which it need not have.
	standingTime = 2 * time.Second
	// partingTime is how long a server may take to end its session.
	partingTime = time.Second
)

// guard is the transport of a link: it adds the token, bounds answers, and
// notes what happens in the request's exchange.
type guard struct {
	link   *link
	origin string
	// streamable is for that transport. It answers 405 in the place of a server
	// that has no stream of notifications but doesn't say so in the way that
	// the SDK wants, and contains what is wrong with answers.
	streamable bool
}

// client is an HTTP client over the guard.
func (g *guard) client() *http.Client {
	return &http.Client{Transport: g, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		switch last := via[len(via)-1].URL; {
		case len(via) > maxRedirects:
			return g.note(via[0], errRedirects)
		case last.Scheme == "https" && req.URL.Scheme != "https":
			return g.note(via[0], errDowngrade)
		}
		return nil
	}}
}

func (g *guard) note(req *http.Request, err error) error {
	exchangeOf(req.Context()).answered(nil, err, false)
	return err
}

// RoundTrip sends a request. A 401 is answered with another token, once, if
// there is one; a server that has no time for a call is asked again.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req.Context())
	own := originOf(req.URL) == g.origin
	if !own && req.Response == nil { // no redirect: the server named this endpoint in the SSE transport
		x.answered(nil, errOtherOrigin, false)
		return nil, errOtherOrigin
	}
	if g.streamable && req.Method == http.MethodGet && req.Header.Get("Last-Event-Id") == "" {
		return g.standing(req, own), nil
	}
	if req.Method == http.MethodDelete { // nobody reads the answer
		ctx, cancel := context.WithTimeout(req.Context(), partingTime)
		defer cancel()
		req = req.WithContext(ctx)
	}
	token, res, err := g.patient(req, x, own)
	if err == nil && res.StatusCode == http.StatusUnauthorized && token != "" {
		if other, ok := g.again(req); ok {
			if next, second, err := g.send(other, x, own, token); err != nil || next != token {
				closeBody(res)
				res = second
				if err != nil {
					return nil, err
				}
			}
		}
	}
	if err == nil && g.streamable && x.shared && req.Method == http.MethodPost {
		contain(res, x)
	}
	return res, err
}

// send sends a request with the token that there is after rejected. If that is
// rejected itself, or "", nothing is sent and the token is rejected.
func (g *guard) send(req *http.Request, x *exchange, own bool, rejected string) (token string, res *http.Response, err error) {
	if own {
		token, err = g.link.pool.cfg.Tokens.Token(req.Context(), g.link.session, g.link.server.URL, rejected)
		if err != nil {
			if !errors.Is(err, ErrReauthorize) && req.Context().Err() == nil {
				g.link.log().Error("the credential of an MCP server could not be had", "error", g.link.secrets.scrub(err.Error()))
				err = errCredential
			}
			x.answered(nil, err, rejected != "")
			return "", nil, err
		}
		if rejected != "" && (token == "" || token == rejected) {
			return rejected, nil, nil
		}
	}
	req = x.trace(req)
	if token != "" {
		g.link.secrets.add(token)
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err = g.link.pool.cfg.Transport.RoundTrip(req)
	x.answered(res, err, token != "")
	if err == nil {
		g.bound(req, res, x)
	}
	return token, res, err
}

// again is the request for a second time.
func (g *guard) again(req *http.Request) (*http.Request, bool) {
	out := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return out, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	out.Body = body
	return out, err == nil
}

// standing asks for the stream of notifications. Without one the tools are
// listed more often, so nothing that goes wrong here is an error.
func (g *guard) standing(req *http.Request, own bool) *http.Response {
	ctx, cancel := context.WithCancel(req.Context())
	timer := time.AfterFunc(standingTime, cancel)
	_, res, err := g.send(req.WithContext(ctx), &exchange{}, own, "")
	if timer.Stop() && err == nil && res.StatusCode == http.StatusOK {
		res.Body = &cancelBody{res.Body, cancel}
		return res
	}
	cancel()
	if err == nil {
		closeBody(res)
	}
	return &http.Response{StatusCode: http.StatusMethodNotAllowed, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: req}
}

// cancelBody ends its request's context when it is closed.
type cancelBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *cancelBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// bound limits the body of an answer. Streams that stand are limited by the
// event instead.
func (g *guard) bound(req *http.Request, res *http.Response, x *exchange) {
	switch {
	case res.StatusCode >= 300:
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxErrorBody), res.Body}
	case req.Method != http.MethodGet:
		res.Body = &boundedBody{ReadCloser: res.Body, left: g.link.pool.cfg.MaxMessage, over: x.cut}
	}
}

type boundedBody struct {
	io.ReadCloser
	left int64
	over func(error)
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.over(errTooLarge)
		return n - 1, errTooLarge
	}
	return n, err
}

// closeBody ends a response that nobody reads.
func closeBody(res *http.Response) {
	_ = res.Body.Close() // nothing depends on it
}

// originOf is scheme, host and port of a URL.
func originOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Scheme + "://" + u.Hostname() + ":" + port)
}
