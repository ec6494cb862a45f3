// Package inside is what the driver docker runs in its containers: [Prepare]
// makes an image fit for sandboxes; [Main] is process 1, which makes the network
// interface, gives up its privileges and becomes the guest, whose streams carry
// the interface's packets too.
//
// Promises: what has privileges reads nothing that an agent could have written,
// and is over before the guest gets its first request; no program of an agent's
// has a capability or can get one.
//
// The package may not import the drivers, store, api, brain or wire.
package inside

import (
	"strconv"

	"github.com/ostlerdev/ostler/internal/hands/box"
)

// PrepareName is the argv[0] under which the binary is Prepare.
const PrepareName = "ostler-prepare"

// Order is what Prepare is told, as a JSON object on its standard input.
type Order struct {
	User   int      // id of the agent's programs, and of their group
	Layers []string // directories laid over the system, the first on top
}

// Prepared is what Prepare says on its standard output when all is well.
const Prepared = "prepared\n"

// UserName is the name of the agent's user in a prepared file system.
const UserName = "agent"

// Device is the file that network interfaces are made of.
const Device = "/dev/net/tun"

// The arguments of process 1. The first stage is root; it becomes the second,
// which is the agent's user, by executing the program again.
const (
	argInit  = "init"
	argCarry = "carry" // the guest, whose streams carry packets too
)

// Command is the command line of process 1 of a container for programs of a
// user, with a network interface or without.
func Command(user int, network bool) []string {
	return []string{box.InsideGuest, argInit, strconv.Itoa(user), strconv.FormatBool(network)}
}
