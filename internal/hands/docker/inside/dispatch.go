//go:build linux

package inside

import (
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/hands/guest"
)

// Dispatch runs the program that argv asks for and exits, or returns if that is
// none of this package's or package guest's.
func Dispatch() {
	switch name := filepath.Base(os.Args[0]); {
	case name == PrepareName:
		os.Exit(Prepare())
	case name == guest.Name && len(os.Args) > 1:
		os.Exit(Main(os.Args[1:]))
	case name == guest.Name:
		os.Exit(guest.Main())
	}
}
