package hands

import (
	"errors"
	"io"
	"os"
)

// Network takes the server's end of a sandbox's only network interface: a file
// on which each read and write is one IP packet. It owns the file. Its answer
// is closed when the sandbox is gone. A sandbox that had to be started twice
// calls it twice. The addresses of the interface are those of package
// gate/netstack/subnet.
type Network func(packets *os.File) (io.Closer, error)

// Networked is a driver that can give sandboxes a network interface.
type Networked interface {
	Driver
	// Transparent says why sandboxes get no interface here, or nil if they do.
	// It is known when Probe has returned.
	Transparent() error
}

// Transparent says why the sandboxes of a driver get no network interface, or
// nil if they do. Without one, programs reach the gate only if they use the
// proxy that their environment names.
func Transparent(d Driver) error {
	if n, ok := d.(Networked); ok {
		return n.Transparent()
	}
	return errors.New("this kind of sandbox can't have a network interface")
}
