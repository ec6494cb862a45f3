package mcp

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// exchange is what the transport saw of one operation. The SDK's errors don't
// tell what a caller must know: whether the server began a call, and what it
// answered.
type exchange struct {
	shared bool // other operations may be under way on the connection

	mu       sync.Mutex
	reached  bool  // a message got a connection
	status   int   // of the answer to the last message, 0 if there is none
	cause    error // why the last message had no answer, or an incomplete one
	hadToken bool  // the last message was sent with one
}

type exchangeKey struct{}

// watch is a context whose messages x sees.
func (x *exchange) watch(ctx context.Context) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

// exchangeOf is the exchange that a request belongs to, one that nobody looks
// at if it belongs to none.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// trace notes when a request gets a connection: before that nothing of it can
// have reached the server.
func (x *exchange) trace(req *http.Request) *http.Request {
	return req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.reached = true
		},
	}))
}

// answered notes the outcome of a request.
func (x *exchange) answered(res *http.Response, err error, hadToken bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.status, x.cause, x.hadToken = 0, err, hadToken
	if res != nil {
		x.status = res.StatusCode
	}
}

// cut notes why an answer is incomplete.
func (x *exchange) cut(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cause = err
}

// begun tells whether the server may have begun the operation. One that says
// that the request is wrong, or comes at the wrong time, has not.
func (x *exchange) begun() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if errors.Is(x.cause, ErrReauthorize) || errors.Is(x.cause, errCredential) {
		return false // it was not asked, or answered 401
	}
	return x.reached && x.status/100 != 4 && x.status != http.StatusServiceUnavailable
}

// before says that what x saw came before the operation.
func (x *exchange) before() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.reached = false
}

// broke tells whether the connection is of no more use after err. A server
// that has forgotten the protocol's session answers 404; some answer 400.
func (x *exchange) broke(err error, hasSession bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.cause != nil || gone(x.status) && hasSession ||
		errors.Is(err, sdk.ErrConnectionClosed) || errors.Is(err, sdk.ErrSessionMissing)
}

func gone(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusGone
}

// refused tells whether the server wants other credentials.
func refused(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// refusal is an error that a server answered with.
type refusal struct{ message string }

func (r *refusal) Error() string { return r.message }

// ofTheSDK are errors that have the form of an answer and come from this side.
var ofTheSDK = map[int64]string{-32003: "client is closing", -32004: "server is closing", -32005: "rejected by transport"}

// refusalOf finds the server's own answer in an error of the SDK; nil if there
// is none.
func refusalOf(err error) *jsonrpc.Error {
	var e *jsonrpc.Error
	if !errors.As(err, &e) || ofTheSDK[e.Code] == e.Message {
		return nil
	}
	return e
}
