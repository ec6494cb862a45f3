package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// paramHeaders is the protocol's version from which on a tool's definition may
// want parameters repeated in headers: the SDK has to have seen it before a
// call.
const paramHeaders = "2026-07-28"

// patience is how many call timeouts a call that tells progress has in all.
const patience = 10

var errSlow = errors.New("the call took too long")

// calls are the calls that are under way on a connection, for notifications
// of their progress.
type calls struct {
	mu    sync.Mutex
	last  int
	begun map[string]func()
}

// begin gives a call a token for its progress.
func (c *calls) begin(progress func()) (token string, end func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.begun == nil {
		c.begun = map[string]func(){}
	}
	c.last++
	token = strconv.Itoa(c.last)
	c.begun[token] = progress
	return token, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.begun, token)
	}
}

func (c *calls) progress(token any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.begun[fmt.Sprint(token)]; f != nil {
		f()
	}
}

// call calls a tool; see Pool.Call.
func (l *link) call(ctx context.Context, tool string, input json.RawMessage) (Result, error) {
	if len(input) == 0 {
		input = json.RawMessage("{}")
	}
	timeout := l.pool.cfg.CallTimeout
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, stop := context.WithTimeoutCause(ctx, patience*timeout, errSlow)
	defer stop()
	timer := time.AfterFunc(timeout, func() { cancel(errSlow) })
	defer timer.Stop()
	var answer *sdk.CallToolResult
	err := l.do(ctx, false, func(ctx context.Context, c *conn) (err error) {
		if c.session.InitializeResult().ProtocolVersion >= paramHeaders {
			if _, err := l.tools((&exchange{}).watch(ctx), c); err != nil {
				l.log().Info("an MCP server's tools could not be listed before a call", "error", l.secrets.scrub(err.Error()))
			}
		}
		token, end := c.calls.begin(func() { timer.Reset(timeout) })
		defer end()
		params := &sdk.CallToolParams{Name: tool, Arguments: input}
		params.SetProgressToken(token)
		answer, err = c.session.CallTool(ctx, params)
		return err
	})
	var said *refusal
	switch {
	case err == nil:
		return l.result(answer), nil
	case errors.Is(err, errSlow):
		return failed(fmt.Sprintf("The MCP server %q did not answer within %s. The call may or may not have taken effect.", l.server.Name, timeout)), nil
	case errors.As(err, &said):
		return failed(said.message), nil
	}
	return Result{}, err
}

func failed(text string) Result {
	return Result{Content: []json.RawMessage{textBlock(text)}, IsError: true}
}
