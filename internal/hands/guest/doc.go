// Package guest is the program that is PID 1 inside a sandbox: the server's own
// binary under the name [Name]. It reads requests from its standard input
// (package frame) and runs the built-in tools: bash in one persistent shell,
// one command at a time and in order; read, write, edit, glob and grep in the
// guest itself, without a fork, side by side.
//
// The tools are the executors of the official SDK, so that a cloud sandbox
// gives the same strings as a self-hosted worker. The guest adds images, PDFs
// and notebooks to read, a cap on the time of a command, cancelling, previews
// of large outputs, and the relay to the gate.
//
// Promises: it ends when its standard input ends, and with it everything in the
// sandbox; it reaps every orphan; a cancelled command and all it started is
// dead before its response is sent.
//
// The package may not import the drivers, store, api, brain or wire. It reads
// nothing of the server's environment or files.
package guest

import "github.com/ostlerdev/ostler/internal/hands"

// Name is the argv[0] under which the server's binary is a guest.
const Name = "ostler-guest"

// RelayAddress is where programs inside find the gate's proxy.
const RelayAddress = "127.0.0.1:3128"

// The directories that the file tools may reach. bash is not confined; the
// sandbox is.
var (
	allowedRoots  = []string{"/mnt/session", hands.Memory, "/tmp"}
	readOnlyRoots = []string{hands.Uploads}
)
