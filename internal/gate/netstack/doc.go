// Package netstack is the far end of a sandbox's network interface: it takes
// the IP packets that come out of the sandbox and makes connections through
// the gate of them, so that programs that know nothing of proxies are held to
// the same policy as those that do.
//
// A [Stack] is one sandbox's. It answers as a name server, accepts TCP, and
// refuses the rest:
//
//   - A name that the policy allows gets an address out of a range that is
//     nobody's; the name is not looked up. A name that it doesn't allow doesn't
//     exist (NXDOMAIN, with the reason as an extended error, RFC 8914). There
//     are no IPv6 addresses and no other records, and no query leaves the
//     machine.
//   - A TCP connection to such an address goes by its name to the gate, which
//     decides, dials, and sees to it that what is said in the connection (TLS
//     server name, HTTP Host) is meant for that name. It is accepted when the
//     gate has reached the host, and reset if it refuses or can't.
//   - A TCP connection to any other address goes to the gate as an address,
//     which limited networking allows only if it is listed.
//   - UDP other than DNS is answered with "port unreachable", so that QUIC
//     falls back to TCP. Everything else, ICMP included, is dropped.
//
// Promises: what a sandbox can make the server hold is bounded (names,
// connections, buffers); Close ends every connection and returns when nothing
// of the Stack runs; nothing that a sandbox sends reaches the host's own
// network stack.
//
// The package imports policy of the gate's packages, and neither store, api,
// brain, wire nor hands.
package netstack
