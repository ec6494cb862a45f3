package server

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/oauth"
	"github.com/ostlerdev/ostler/internal/store"
)

// maxHead bounds the headers of answers of token endpoints and probed servers.
const maxHead = 64 << 10

// oauth makes what refreshes OAuth tokens, and sweeps them in the background.
// Token endpoints and MCP servers are reached through the guarded dialer.
func (s *Server) oauth(c Config, db store.DB, keys oauth.Keys) (*oauth.Refresher, error) {
	allow, err := dial.ParseAllow(c.AllowPrivate)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_ALLOW_PRIVATE: %w", err)
	}
	names, err := dial.ParseNames(c.GateHosts)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_GATE_HOSTS: %w", err)
	}
	roots, err := gateRoots(c.GateCA)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_GATE_CA: %w", err)
	}
	transport := (&dial.Dialer{Allow: allow, Names: names}).Transport()
	transport.MaxResponseHeaderBytes = maxHead
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	r := oauth.New(oauth.Config{DB: db, Keys: keys, Transport: transport, Now: time.Now, Log: c.Log})
	s.onClose(func() error {
		r.Close()
		transport.CloseIdleConnections()
		return nil
	})
	s.background(r.Run)
	return r, nil
}
