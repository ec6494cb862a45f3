package box

// Volume is a host directory shown inside the sandbox.
type Volume struct {
	Source   string `json:"source"`
	Path     string `json:"path"` // inside the sandbox
	ReadOnly bool   `json:"read_only"`
}

// Paths inside the sandbox that are ours.
const (
	InsideGuest = "/run/ostler/ostler-guest" // the guest's program
	InsideGate  = "/run/ostler/gate"         // directory of the gate's socket
	gateSocket  = "gate.sock"
	insideShelf = "/run/ostler/shelf" // until the sandbox is adopted
)

// OpenFiles is how many files a process inside may have open.
const OpenFiles = 65536

// InsideSocket is the gate's socket inside the sandbox.
const InsideSocket = InsideGate + "/" + gateSocket

// guestProgram is the file name of the guest among the programs.
const guestProgram = "ostler-guest"

// SystemBundle is where most systems keep whom they trust.
const SystemBundle = "/etc/ssl/certs/ca-certificates.crt"
