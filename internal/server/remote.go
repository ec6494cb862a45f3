package server

import (
	"crypto/tls"
	"fmt"
	"net/http"

	"github.com/ostlerdev/ostler/internal/gate/dial"
)

// dialer makes the connections that leave this machine for somebody else.
func (c Config) dialer() (*dial.Dialer, error) {
	allow, err := dial.ParseAllow(c.AllowPrivate)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_ALLOW_PRIVATE: %w", err)
	}
	names, err := dial.ParseNames(c.GateHosts)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_GATE_HOSTS: %w", err)
	}
	return &dial.Dialer{Allow: allow, Names: names}, nil
}

// maxHead bounds the headers of answers of token endpoints and MCP servers.
const maxHead = 64 << 10

// transport is the way to servers that users name: MCP servers and token
// endpoints.
func (s *Server) transport(c Config, d *dial.Dialer) (*http.Transport, error) {
	roots, err := gateRoots(c.GateCA)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_GATE_CA: %w", err)
	}
	t := d.Transport()
	t.MaxResponseHeaderBytes = maxHead
	t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	s.onClose(func() error { t.CloseIdleConnections(); return nil })
	return t, nil
}
