package server

import (
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/gvisor"
	"github.com/ostlerdev/ostler/internal/hands/namespace"
)

// hostDriver makes a driver whose sandboxes are processes of this machine.
func hostDriver(c Config, state string) (hands.Driver, error) {
	if c.Sandbox == "namespace" {
		return namespace.New(namespace.Options{StateDir: state, Rootfs: c.Rootfs})
	}
	return gvisor.New(gvisor.Options{StateDir: state, Rootfs: c.Rootfs, Log: c.Log})
}
