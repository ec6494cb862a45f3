package hands

import (
	"context"
	"path/filepath"
)

// Adopter is a driver whose sandboxes can be started before it is known whose
// they are.
type Adopter interface {
	Driver
	// Shelves says whether sandboxes can be started with Spec.Shelf.
	Shelves() bool
	// Move makes dir the Spec.Dir of a sandbox that has answered no call. dir
	// is on the same file system and has no workspace/, uploads/, outputs/,
	// shelf/ and run/ yet. After an error the sandbox is of no use.
	Move(s Sandbox, dir string) error
	// Adopt makes it the one that spec describes: its programs have spec.Env
	// from now on, spec.Mounts are shown, which takes a shelf, and spec.Links
	// are made. Mounts whose sources are below the right [Shelf] of spec.Dir
	// are those directories; of others, which must be read-only, links to the
	// files that are there now are shown, so they must be on the same file
	// system. It keeps the ID, Network, TrustedCA and Limits that it was
	// started with, and has no Layers and GateSocket. spec.Dir is where it was
	// moved. After an error the sandbox is of no use.
	Adopt(ctx context.Context, s Sandbox, spec Spec) error
}

// Shelf is the directory below a session's in which directories must be that a
// sandbox can be shown when it runs already. What is read-only has one of its
// own, to which programs inside can't write whatever happens there.
func Shelf(dir string, readOnly bool) string {
	if readOnly {
		return filepath.Join(dir, ShelfDir, "ro")
	}
	return filepath.Join(dir, ShelfDir, "rw")
}

// ShelfDir is the name of a shelf below Spec.Dir.
const ShelfDir = "shelf"
