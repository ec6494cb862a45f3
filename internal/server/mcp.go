package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"runtime/debug"

	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// remote makes the connections to MCP servers. They leave from here through
// the guarded dialer, with nothing of the server's environment.
func (s *Server) remote(c Config, tokens mcp.Tokens) (*mcp.Pool, error) {
	guarded, err := dialer(c)
	if err != nil {
		return nil, err
	}
	roots, err := gateRoots(c.GateCA)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_GATE_CA: %w", err)
	}
	transport := guarded.Transport()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	pool := mcp.New(mcp.Config{Transport: transport, Tokens: tokens, Log: c.Log, Version: version, CallTimeout: c.MCPTimeout})
	s.onClose(func() error {
		pool.Close()
		transport.CloseIdleConnections()
		return nil
	})
	return pool, nil
}

// vaultTokens gives the tokens that a session's vaults hold: static ones, and
// access tokens as they are stored.
type vaultTokens struct {
	db   store.DB
	keys vault.Unsealer
}

// Token implements mcp.Tokens. There is never another token than the stored
// one.
func (v vaultTokens) Token(ctx context.Context, session, serverURL, _ string) (string, error) {
	stored, err := sessionCredentials(ctx, v.db, session)
	if err != nil {
		return "", err
	}
	want := vault.Lookup(wire.CredentialAuth{StaticBearer: &wire.StaticBearer{MCPServerURL: serverURL}}) // the same for each type
	for _, c := range stored {
		if vault.Lookup(c.Auth) == want {
			token, err := vault.Open(c, v.keys)
			return string(token), err
		}
	}
	return "", nil
}
