//go:build linux

// Package roles lets one binary be several programs. A sandbox is started by
// running the server's own binary again under other names: the launcher,
// gVisor's programs, and the guest inside (with its companions where the
// sandbox is a container). [Dispatch] must be the first thing
// in main, and in TestMain of tests that start sandboxes.
package roles

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/hands/box"
	"github.com/ostlerdev/ostler/internal/hands/docker/inside"
	"github.com/ostlerdev/ostler/internal/hands/gvisor"
	"github.com/ostlerdev/ostler/internal/hands/namespace"
)

// Dispatch runs the program that argv[0] asks for and exits, or returns if
// that is the server itself.
func Dispatch() {
	inside.Dispatch()
	switch name := filepath.Base(os.Args[0]); {
	case name == box.Launcher:
		os.Exit(box.Launch(map[string]box.Become{"gvisor": gvisor.Become, "namespace": namespace.Become}))
	case name == namespace.Inner:
		os.Exit(namespace.Enter())
	case gvisor.IsPrewarmer(os.Args[0]):
		fmt.Fprintln(os.Stderr, "prewarm:", gvisor.Prewarm())
		os.Exit(1)
	case gvisor.IsRunsc(os.Args[0]):
		gvisor.Runsc()
		os.Exit(1)
	}
}
