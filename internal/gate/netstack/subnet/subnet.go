// Package subnet holds the addresses on a sandbox's network interface, which
// the stack at its far end (package netstack) and the drivers that set it up
// agree on. All sandboxes have the same: no two of them share a network.
//
// The package imports nothing of the project.
package subnet

import "net/netip"

// Interface is the name of the interface inside a sandbox.
const Interface = "eth0"

// MTU is the largest IP packet that goes over the interface, in bytes. Larger
// packets than those of an Ethernet cost less for each byte, and the wire is
// memory.
const MTU = 16 << 10

// Addresses. 198.18.0.0/15 is set apart for measurements (RFC 2544), so it is
// nobody's on the internet and hardly anybody's inside; the IPv6 addresses are
// local ones (RFC 4193).
var (
	// Names is where the names that a sandbox has looked up get their
	// addresses, and where the gateway and the sandbox have theirs.
	Names    = netip.MustParsePrefix("198.18.0.0/15")
	Gateway  = netip.MustParseAddr("198.18.0.1") // also the name server
	Sandbox  = netip.MustParseAddr("198.18.0.2")
	Gateway6 = netip.MustParseAddr("fdc6:1200:5b0c::1")
	Sandbox6 = netip.MustParseAddr("fdc6:1200:5b0c::2")
)

// Bits6 is the length of the prefix of the IPv6 addresses.
const Bits6 = 64
