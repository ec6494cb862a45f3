package hands

import (
	"context"
	"errors"
)

// ErrNoCheckpoint says that a sandbox can't go on from where it was suspended:
// the checkpoint is damaged, or was made under another version of the server or
// with other software. A new sandbox must take its place.
var ErrNoCheckpoint = errors.New("the checkpoint can't be used")

// Suspender is a driver that can put sandboxes aside, with their processes, and
// go on with them later, in another process of the server too.
type Suspender interface {
	Driver
	// Suspend ends a sandbox that this driver made, in which no call runs, and
	// leaves what was in its memory, and what it wrote outside of volumes, in
	// the directory at path. The directory is there whole or not at all; it and
	// its files are the server's alone. However large the sandbox is, Suspend
	// goes on as long as it gets something written within a minute; if it fails
	// the sandbox is gone all the same, and its volumes are as they were.
	Suspend(ctx context.Context, s Sandbox, path string) error
	// Resume goes on with the sandbox that Suspend left at path, once: the
	// directory must not be used again, and may be removed as soon as Resume
	// returns. spec says what it says to Start, but its Env is of no
	// consequence, Shelf is as it was (Mounts are those of Adopt), and its ID, Dir and Network may be others. Connections that
	// were open to the outside are broken. A spec that differs in what the
	// sandbox shows (Mounts, Layers, TrustedCA), other limits, another version
	// of the server or of the system give [ErrNoCheckpoint].
	Resume(ctx context.Context, spec Spec, path string) (Sandbox, error)
}
