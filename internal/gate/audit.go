package gate

import "time"

// Record is the account of one request or tunnel. It holds nothing of what was
// sent: no path, no query, no field of a header.
type Record struct {
	Session string // Session.ID
	Kind    Kind
	Host    string // name or address that was asked for; "" if the request had none
	Port    uint16
	Addr    string // address and port that was dialled; "" if none was
	Verdict Verdict
	Reason  Reason
	// Credentials are those that were put into the request, by id and place.
	Credentials []Use
	// Err is why credentials could not be looked up, for the operator only;
	// nil if that didn't fail. It is what Secrets or a lookup of it returned.
	Err      error
	Up, Down int64 // bytes of bodies or of the tunnel, from and to the sandbox
	Start    time.Time
	Duration time.Duration
}

// Use says that a credential was put into a request.
type Use struct {
	CredentialID string
	Place        Place
	Count        int // how often
}

// Place is where in a request a credential was put.
type Place string

// The places.
const (
	PlaceHeader   Place = "header"   // in place of the placeholder
	PlaceBody     Place = "body"     // the same
	PlaceInjected Place = "injected" // as a field of its own
)

// Kind is what a Record is about.
type Kind string

// The kinds of records.
const (
	KindRequest Kind = "request" // one HTTP request
	KindTunnel  Kind = "tunnel"  // CONNECT
	KindFlow    Kind = "flow"    // a connection that a program made as if there were no gate
	KindLookup  Kind = "lookup"  // a name that may not be looked up; the others leave no record
)

// Verdict is the decision on a request or tunnel.
type Verdict string

// The verdicts.
const (
	Allowed Verdict = "allowed" // it was answered by its host, or the tunnel was made
	Refused Verdict = "refused" // a rule forbids it
	Failed  Verdict = "failed"  // no rule forbids it, but it didn't come about
)

// Reason says which rule refused, what failed, or how something allowed came
// to its end. The zero value is an ordinary end.
type Reason string

// Reasons of refusals.
const (
	ReasonHost       Reason = "host"            // not in the policy's hosts
	ReasonPort       Reason = "port"            // not in the open ports
	ReasonPrivate    Reason = "private"         // at a private address
	ReasonServerName Reason = "server_name"     // TLS is for another host
	ReasonECH        Reason = "encrypted_hello" // Config.RefuseECH
	ReasonProtocol   Reason = "protocol"        // neither TLS nor HTTP in a limited tunnel
	ReasonRequest    Reason = "request"         // malformed or ambiguous request
	ReasonLimit      Reason = "too_many"        // Config.MaxConns
	ReasonPolicy     Reason = "policy_changed"  // SetPolicy took away what was open
)

// Reasons of failures, and of allowed things that were cut off.
const (
	ReasonResolve Reason = "unresolved" // the name has no address
	ReasonDial    Reason = "unreachable"
	ReasonTimeout Reason = "timeout"
	ReasonTLS     Reason = "tls"        // no TLS with the client or the host, whose place the gate takes
	ReasonSecret  Reason = "credential" // it could not be looked up or put in
	ReasonBroken  Reason = "broken"     // a side reset the connection or broke the protocol
	ReasonGone    Reason = "gone"       // the client left before the answer
	ReasonClosed  Reason = "closed"     // the Port was closed
)
