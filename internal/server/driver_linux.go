package server

import (
	"fmt"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/gvisor"
	"github.com/ostlerdev/ostler/internal/hands/namespace"
	"github.com/ostlerdev/ostler/internal/provision/layers"
)

// hostDriver makes a driver whose sandboxes are processes of this machine.
func hostDriver(c Config, state string) (hands.Driver, error) {
	if c.Sandbox == "namespace" {
		return namespace.New(namespace.Options{StateDir: state, Rootfs: c.Rootfs})
	}
	registries, err := layers.ParseRegistries(c.Registries)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_REGISTRIES: %w", err)
	}
	return gvisor.New(gvisor.Options{StateDir: state, Rootfs: c.Rootfs, AptSources: registries["apt"], Log: c.Log})
}
