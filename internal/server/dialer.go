package server

import (
	"fmt"

	"github.com/ostlerdev/ostler/internal/gate/dial"
)

// dialer makes the guarded connections that leave on somebody else's word.
func dialer(c Config) (*dial.Dialer, error) {
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
