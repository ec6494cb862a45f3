package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/oauth"
)

// mcp makes the connections to MCP servers. They leave from here, with nothing
// of the server's environment.
func (s *Server) mcp(c Config, t *http.Transport, tokens mcp.Tokens) *mcp.Pool {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	pool := mcp.New(mcp.Config{Transport: t, Tokens: tokens, Log: c.Log, Version: version, CallTimeout: c.MCPTimeout})
	s.onClose(func() error { pool.Close(); return nil })
	return pool
}

// sessionTokens are the tokens that sessions show to MCP servers.
type sessionTokens struct{ *oauth.Refresher }

// Token implements mcp.Tokens.
func (t sessionTokens) Token(ctx context.Context, session, serverURL, rejected string) (string, error) {
	token, err := t.Refresher.Token(ctx, session, serverURL, rejected)
	if errors.Is(err, oauth.ErrReauthorize) {
		err = fmt.Errorf("%w: %w", mcp.ErrReauthorize, err)
	}
	return token, err
}
