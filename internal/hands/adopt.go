package hands

import "context"

// Adopter is a driver whose sandboxes can be started before it is known whose
// they are.
type Adopter interface {
	Driver
	// Adopt makes a sandbox of this driver that has answered no call the one
	// that spec describes. Its files move to spec.Dir, which is on the same
	// file system and has no workspace/, uploads/, outputs/ and run/ yet; its
	// programs have spec.Env from now on, and spec.Links are made. It keeps
	// the ID, Network, TrustedCA and Limits that it was started with, and has
	// no Layers, Mounts and GateSocket. After an error the sandbox is of no
	// use.
	Adopt(ctx context.Context, s Sandbox, spec Spec) error
}
