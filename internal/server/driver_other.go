//go:build !linux

package server

import (
	"errors"

	"github.com/ostlerdev/ostler/internal/hands"
)

// hostDriver makes a driver whose sandboxes are processes of this machine,
// which takes Linux.
func hostDriver(Config, string) (hands.Driver, error) {
	return nil, errors.New("gvisor and namespace need Linux; here sandboxes can be containers: start Docker and use --sandbox docker")
}
