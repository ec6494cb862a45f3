package mcp

import (
	"context"
	"net/http"
	"net/url"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// connect makes a connection: over streamable HTTP, or over HTTP with SSE if
// the server answers as one that knows only that (MCP specification,
// transports, "Backwards Compatibility").
func (l *link) connect(ctx context.Context) (*conn, error) {
	u, err := url.Parse(l.server.URL)
	if err != nil {
		return nil, err
	}
	x, limit := exchangeOf(ctx), int(l.pool.cfg.MaxMessage)
	streamable := &guard{link: l, origin: originOf(u), streamable: true}
	c, err := l.handshake(ctx, &sdk.StreamableClientTransport{Endpoint: l.server.URL, HTTPClient: streamable.client(), MaxEventSize: limit})
	if err == nil || ctx.Err() != nil || !x.older() {
		return c, err
	}
	sse := &guard{link: l, origin: originOf(u)}
	if c, err := l.handshake(ctx, &sdk.SSEClientTransport{Endpoint: l.server.URL, HTTPClient: sse.client(), MaxEventSize: limit}); err == nil {
		return c, nil
	}
	return nil, err // of the first transport: it says more
}

// older tells whether the answer to an initialization is that of a server
// which knows only the older transport.
func (x *exchange) older() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.cause == nil && (gone(x.status) || x.status == http.StatusMethodNotAllowed ||
		x.status == http.StatusNotAcceptable || x.status == http.StatusUnsupportedMediaType)
}

// handshake is greet until ctx ends. The SDK may take longer to give up: it
// tells a server that doesn't answer that it need not.
func (l *link) handshake(ctx context.Context, t sdk.Transport) (*conn, error) {
	type outcome struct {
		conn *conn
		err  error
	}
	done := make(chan outcome)
	l.pool.wg.Go(func() {
		c, err := l.greet(ctx, t)
		select {
		case done <- outcome{c, err}:
		case <-ctx.Done():
			if err == nil {
				c.close()
			}
		}
	})
	select {
	case o := <-done:
		return o.conn, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// greet initializes a session over a transport. The transports work under the
// context that they connect with, so they get one that lasts and ends if ctx
// does before they are done.
func (l *link) greet(ctx context.Context, t sdk.Transport) (*conn, error) {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, end)
	c := &conn{end: end}
	kept := &keeper{Transport: t}
	session, err := sdk.NewClient(&sdk.Implementation{Name: "ostler", Version: l.pool.cfg.Version}, &sdk.ClientOptions{
		Capabilities: &sdk.ClientCapabilities{}, // nothing that a server may ask of us
		ToolListChangedHandler: func(context.Context, *sdk.ToolListChangedRequest) {
			l.mu.Lock()
			defer l.mu.Unlock()
			c.listed = nil
			c.changes++
		},
		ProgressNotificationHandler: func(_ context.Context, r *sdk.ProgressNotificationClientRequest) {
			c.calls.progress(r.Params.ProgressToken)
		},
	}).Connect(life, kept, nil)
	c.session = session
	if !stop() && err == nil { // ctx ended at the last moment
		c.close()
		return nil, ctx.Err()
	}
	if err != nil {
		end()
		if kept.conn != nil {
			_ = kept.conn.Close() // the SDK leaves it open in some cases
		}
		return nil, err
	}
	return c, nil
}

// keeper remembers the connection that a transport made.
type keeper struct {
	sdk.Transport
	conn sdk.Connection
}

// Connect is the transport's own.
func (k *keeper) Connect(ctx context.Context) (sdk.Connection, error) {
	c, err := k.Transport.Connect(ctx)
	k.conn = c
	return c, err
}
