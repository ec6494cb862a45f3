//go:build linux

// Command ostler-guest is what runs inside of the containers of a server that
// isn't a program for their machine, such as one on macOS: ostler without the
// server. Where ostler itself can run inside it isn't needed.
package main

import (
	"fmt"
	"os"

	"github.com/ostlerdev/ostler/internal/hands/docker/inside"
)

func main() {
	inside.Dispatch()
	fmt.Fprintln(os.Stderr, "ostler-guest runs inside of sandboxes; the server is ostler")
	os.Exit(2)
}
