// Package gate is the only way out of a sandbox: it decides which connections
// may leave, makes them, and keeps an account of them.
//
// There are two ways to it. A sandbox with a network interface has package
// netstack at its other end, which gives each connection that a program makes
// to ServeFlow; programs needn't know of the gate. In a sandbox without one a
// relay copies bytes between 127.0.0.1:3128 and a unix socket that is bound
// into it; the gate listens on that socket, one for each sandbox, and is an
// HTTP/1.1 forward proxy there: CONNECT, and absolute-form requests for http
// URLs. What holds for the tunnel of a CONNECT holds for such a connection.
//
// Three parts take part in a decision and each can be used without the others:
// package policy knows which hosts a sandbox may reach, package dial which
// addresses may be dialled at all, and this package speaks the proxy's protocol
// and sees to it that what goes through a connection is meant for the host that
// was allowed.
//
// Rules beyond the two packages':
//   - Each request is decided by itself; nothing is remembered from the one
//     before it. A redirect is a new request.
//   - The Host field of a request must name the host of its target.
//   - The server name of a TLS ClientHello in a tunnel must be the tunnel's
//     host. Where the tunnel's host is an address this holds under limited
//     networking only. A ClientHello without a server name passes.
//   - Under limited networking a tunnel carries TLS or HTTP/1.1 and nothing
//     else; the HTTP requests in it are decided one by one like those outside
//     of it. Unrestricted networking lets any bytes through.
//   - An upgrade to websocket becomes a tunnel; other upgrades are not passed
//     on, so the server answers the request as if it had not been offered.
//   - A request that two parsers could read in two ways is refused (see
//     parseHead).
//
// Credentials (Secrets): a sandbox has placeholders, and the gate puts the
// values in when a request has left it, or adds a field to a request that has
// none. What it promises:
//
//   - A value goes to a host only if the sandbox's policy and the credential
//     both allow it, decided for each request. Everywhere else the placeholder
//     goes on as it is, whole.
//   - It goes into the values of header fields, the base64 of Basic included,
//     and into bodies, as the credential says. It never goes into the path, the
//     query, names of fields, trailers, bodies with a Content-Encoding or what
//     follows an upgrade, nor into a TRACE, whose answer would show it.
//   - Of a body the first Config.MaxScan bytes are looked at: a placeholder
//     that begins in them is replaced, even if it ends after them. A body with
//     a length gets the right one, for which as much is read before anything is
//     sent; one without is passed on as it comes.
//   - If a value can't be had, or would break out of its field, the answer is a
//     502 and nothing was sent.
//   - Answers aren't changed: a host that sends a value back shows it.
//   - Values are in no record, no text and no error.
//
// For that the gate takes the TLS of hosts off that a credential covers, with
// certificates of a CA that this one sandbox trusts, and makes TLS of its own
// with the host, whose certificate it checks. Inside, HTTP/1.1 is spoken and
// nothing else; requests for another host than the tunnel's are refused with
// 421. All other TLS goes through untouched, and so does what offers no
// HTTP/1.1 (ALPN): nothing is put into that. A credential that begins to cover
// a host counts in tunnels that are made from then on.
//
// A refusal is a 403 (400 if the request itself is at fault) whose text says
// what was refused and by which rule, because an agent reads it. A connection
// that is refused before anything was said in it is not accepted, for which
// only the audit has the reason.
//
// Locking: Gate.mu and Port.mu are never held together, and neither is held
// while a connection is read, written or dialled.
//
// The package may not import store, api, brain, wire or hands.
package gate
