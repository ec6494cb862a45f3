// Package mcp calls the tools of remote MCP servers for sessions (Managed
// Agents API: tools, "mcp_toolset"). A [Pool] keeps a connection for each
// session and server, over streamable HTTP or, where a server has only that,
// the older HTTP with SSE; the protocol itself is the official SDK's.
//
// Promises: calls leave from this process, never from a sandbox, through the
// transport that the caller gives (a guarded one). A token goes to the origin
// of the server's URL and nowhere else, and is in no error, log line or result
// that comes out of the package. Whatever a server sends is bounded in size
// and time. A call is repeated only if its server surely did not begin it. A
// connection that nobody used for a while is closed; after Close no goroutine
// is left.
//
// The package knows nothing of logs and turns; it may not import brain, api or
// store.
package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Server is an MCP server of a session's agent.
type Server struct {
	Name string // as events have it
	URL  string
}

// Tool is a tool that a server offers.
type Tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	InputSchema json.RawMessage `json:"input_schema"` // one that the Messages API takes
	// Renamed is the server's names of parameters that the schema calls
	// otherwise, by the schema's.
	Renamed map[string]string `json:"renamed,omitempty"`
}

// Input is what a model gave with the names that the server wants.
func (t Tool) Input(given json.RawMessage) json.RawMessage { return rename(given, t.Renamed) }

// Listing is what discovery found of one server.
type Listing struct {
	Server  string
	Tools   []Tool   // by name
	Skipped int      // tools that no model can be offered
	Err     *Failure // why there are none
}

// Result is the outcome of a call: content blocks of the API (text, image,
// document), at least one, and whether it is an error that the model should
// see.
type Result struct {
	Content []json.RawMessage
	IsError bool
}

// ErrReauthorize says that the grant of a credential is gone and somebody has
// to authorize it anew.
var ErrReauthorize = errors.New("the credential's grant is gone and has to be authorized again")

// Tokens gives the bearer token for a server of a session.
type Tokens interface {
	// Token is the token of the session's first vault that has one for this
	// server, "" if none has. rejected is the token that the server answered
	// 401 to, or "": another one is wanted, if there can be one; the same or ""
	// again means there is none. An error that wraps ErrReauthorize says the
	// credential's grant is gone.
	Token(ctx context.Context, session, serverURL, rejected string) (string, error)
}

// Config is what a Pool works with. Transport, Tokens and Log are required.
type Config struct {
	Transport http.RoundTripper // guarded; the pool adds nothing but tokens
	Tokens    Tokens
	Log       *slog.Logger
	Version   string // of the program, for the servers' logs

	ConnectTimeout time.Duration // connecting and listing; 0 is 10 s
	CallTimeout    time.Duration // of a call that tells no progress; ten times as much for one that does; 0 is 60 s
	IdleTimeout    time.Duration // after which a connection is closed; 0 is 5 min
	MaxMessage     int64         // bytes of one answer; 0 is 32 MiB
}

// Pool is the connections of sessions to their MCP servers. Its methods are
// safe for concurrent use.
type Pool struct {
	cfg    Config
	wg     sync.WaitGroup
	mu     sync.Mutex
	links  map[key]*link
	closed bool
}

type key struct{ session, server string }

// New makes a pool.
func New(c Config) *Pool {
	for d, value := range map[*time.Duration]time.Duration{
		&c.ConnectTimeout: 10 * time.Second, &c.CallTimeout: time.Minute, &c.IdleTimeout: 5 * time.Minute,
	} {
		if *d == 0 {
			*d = value
		}
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = 32 << 20
	}
	return &Pool{cfg: c, links: map[key]*link{}}
}

// Discover lists the tools of servers, all side by side, within the connect
// timeout; the listings come in the servers' order. It connects where nothing
// is connected, and asks again only what may have changed since. Connections
// of the session to other servers are closed.
func (p *Pool) Discover(ctx context.Context, session string, servers []Server) []Listing {
	p.keep(session, servers)
	ctx, cancel := context.WithTimeout(ctx, p.cfg.ConnectTimeout)
	defer cancel()
	out := make([]Listing, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		wg.Go(func() { out[i] = p.discover(ctx, session, s) })
	}
	wg.Wait()
	return out
}

func (p *Pool) discover(ctx context.Context, session string, s Server) Listing {
	l, err := p.acquire(session, s)
	if err != nil {
		return Listing{Server: s.Name, Err: &Failure{Server: s.Name, Message: err.Error()}}
	}
	defer p.release(l)
	return l.list(ctx)
}

// Call calls a tool. A server that refuses the call, or answers too late or
// too much, makes a Result with IsError; one that can't be reached or wants
// other credentials makes a *Failure. Cancelling ctx tells the server, and
// returns ctx's error.
func (p *Pool) Call(ctx context.Context, session string, s Server, tool string, input json.RawMessage) (Result, error) {
	l, err := p.acquire(session, s)
	if err != nil {
		return Result{}, err
	}
	defer p.release(l)
	return l.call(ctx, tool, input)
}

// Forget closes the connections of a session that ended.
func (p *Pool) Forget(session string) { p.keep(session, nil) }

// Close closes every connection and waits for that. It is idempotent; calls
// that are under way fail.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	for k, l := range p.links {
		p.remove(k, l)
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// keep closes the session's connections to servers that are not among these.
func (p *Pool) keep(session string, servers []Server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, l := range p.links {
		if k.session != session {
			continue
		}
		kept := false
		for _, s := range servers {
			kept = kept || s == l.server
		}
		if !kept {
			p.remove(k, l)
		}
	}
}
