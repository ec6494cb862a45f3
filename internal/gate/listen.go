package gate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
)

// MaxSocketPath is the longest path, in bytes, that Linux binds a unix socket
// to.
const MaxSocketPath = 107

// listen makes a socket that everybody who reaches the path may connect to.
func listen(path string) (net.Listener, error) {
	if path == "" || len(path) > MaxSocketPath {
		return nil, fmt.Errorf("the path %q has %d bytes, Linux allows 1 to %d: choose a shorter directory",
			path, len(path), MaxSocketPath)
	}
	if path[0] == '@' {
		return nil, fmt.Errorf("%q is an abstract socket, which can't be bound into a sandbox", path)
	}
	fi, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case fi.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("%s is there and isn't a socket", path)
	default:
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
