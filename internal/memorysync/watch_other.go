//go:build !linux

package memorysync

import (
	"errors"
	"os"
)

// watches would hear of changes in directories. Here there are none, and
// mounts are looked at again and again.
type watches struct{}

func newWatches() (*watches, error) { return nil, errors.ErrUnsupported }

func (*watches) close() error              { return nil }
func (*watches) add(*mount, *os.File) bool { return false }
func (*watches) forget(*mount)             {}
