// Package hands is the seam between the turn and the places where an agent's
// built-in tools run. A [Driver] makes sandboxes, a [Sandbox] answers tool
// calls. Drivers live in sub-packages (gvisor, namespace, docker); what runs
// inside a sandbox lives in guest.
//
// Sandboxes are cattle: one is made when a session's first tool call needs it,
// it can be lost at any moment, and the next call makes another over the same
// directory. Nothing that authenticates anything is ever inside one.
//
// The package may not import store, api, brain or wire.
package hands

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// ErrLost says that the sandbox is gone (killed, crashed, out of memory). The
// call that met it may or may not have taken effect. The next call needs a new
// sandbox.
var ErrLost = errors.New("the sandbox was lost")

// The paths an agent sees. They are the hosted service's own.
const (
	Workspace = "/workspace"           // working directory, read-write
	Uploads   = "/mnt/session/uploads" // files given to the session, read-only
	Outputs   = "/mnt/session/outputs" // what the agent hands back, read-write
	Memory    = "/mnt/memory"          // memory stores
)

// Spec describes a sandbox to be made.
type Spec struct {
	// ID names the sandbox on this machine: "sbx_" and 24 lower-case letters
	// or digits. A driver may have one live sandbox of an id.
	ID string
	// Dir is the absolute host directory of the session's files. The driver
	// creates what is missing below it: workspace/, uploads/, outputs/ are
	// bound to the paths above; anything else below it (run/) is the driver's
	// own. workspace/ and outputs/ survive the sandbox.
	//
	// What the server puts in uploads/ must be readable by everyone (files
	// 0644, directories 0755). What it reads from workspace/ and outputs/ was
	// named by the agent: links there lead where the agent likes, and a FIFO
	// blocks who opens it. Open them below an [os.Root], regular files only.
	Dir string
	// Links are absolute paths inside the sandbox and what they point at,
	// made as symbolic links when the sandbox starts (parents are created).
	Links []Link
	// Mounts are further host directories to show inside, such as memory
	// stores and skills.
	Mounts []Mount
	// Shelf prepares a sandbox for Mounts that are not known when it starts,
	// which it doesn't have then. It takes an [Adopter] that Shelves.
	Shelf bool
	// Layers are laid over the system, the first on top.
	Layers []Layer
	// Env is added to the environment of every process inside.
	Env map[string]string
	// Network, if not nil, gives the sandbox a network interface through which
	// every program reaches the gate. It is called once, before the first
	// call. A driver that can't do so here ([Transparent]) leaves it alone.
	Network Network
	// GateSocket is the host path of the unix socket on which the gate
	// listens for this sandbox, and where programs reach it that use the proxy
	// of their environment; "" is none. A sandbox with a Network has no use
	// for it and doesn't get it.
	GateSocket string
	// TrustedCA are PEM certificates of authorities that programs inside trust
	// besides the system's, because the gate signs with them. They are added
	// to the system's bundles, and variables such as SSL_CERT_FILE lead there
	// (Env goes before those). Java and browsers have stores of their own, and
	// so have programs that look in the directory of hashed names and not in
	// the bundle when the variables are taken from them. Nil adds none.
	TrustedCA []byte
	Limits    Limits
}

// Link is a symbolic link inside a sandbox.
type Link struct {
	Path   string // absolute path of the link
	Target string // what it points at
}

// Mount shows a host directory inside a sandbox.
type Mount struct {
	Path     string // absolute path inside; parents are created
	Source   string // absolute path of an existing host directory
	ReadOnly bool
}

// Limits bound what one sandbox may use. Zero means the driver's default.
type Limits struct {
	Memory    int64 // bytes; default 8 GiB
	Processes int   // default 1024
	Disk      int64 // bytes below Dir; default 10 GiB
	FileSize  int64 // bytes of one file; default Disk
}

// Call is one call of a built-in tool.
type Call struct {
	// ID names the file a large result is kept in, normally the id of the
	// tool use event. Up to 64 letters, digits, '_' and '-'; "" lets the
	// sandbox choose.
	ID    string
	Tool  string          // bash, read, write, edit, glob or grep
	Input json.RawMessage // the model's object, as it came
	// Turn grows each time the session begins to run. What could not be made
	// ready for its sandbox is tried again in another turn.
	Turn int64
}

// Result is the outcome of a call: content blocks of the API (text, image,
// document) and whether it is an error the model should see.
type Result struct {
	Content []json.RawMessage `json:"content"`
	IsError bool              `json:"is_error,omitempty"`
	// Notices are for the session's log. Drivers make none; they come from who
	// made the sandbox ready, and beside an error too.
	Notices []Notice `json:"-"`
}

// Sandbox answers tool calls. Calls may be made side by side; the sandbox puts
// those that must not overlap (bash) in order itself.
type Sandbox interface {
	// Run executes a call. Cancelling ctx stops the call inside (a command is
	// killed, its shell is new afterwards) and returns ctx.Err() once it has
	// stopped. An error other than ctx's means the sandbox is unusable and
	// wraps ErrLost.
	Run(ctx context.Context, call Call) (Result, error)
	// Link adds symbolic links to a running sandbox and removes the ones
	// whose Target is "".
	Link(ctx context.Context, links []Link) error
	// Done is closed when the sandbox is gone, for whatever reason.
	Done() <-chan struct{}
	// Close kills everything inside and releases what the driver holds. Files
	// in Dir stay. It is idempotent.
	Close(ctx context.Context) error
}

// Driver makes sandboxes of one kind.
type Driver interface {
	// Name is the word used in flags: gvisor, namespace, docker.
	Name() string
	// Isolation is one sentence for the start message: what stands between
	// the code inside and the host.
	Isolation() string
	// Probe runs a real command in a real sandbox below dir and says why the
	// driver can't be used here, if so.
	Probe(ctx context.Context, dir string) error
	// Start makes a sandbox and returns when its guest answers.
	Start(ctx context.Context, spec Spec) (Sandbox, error)
	// Sweep removes what sandboxes of an earlier process with the same state
	// directory left behind (processes, mounts, state), after a crash. It is
	// called before the first Start.
	Sweep(ctx context.Context) error
}

// StartTimeout bounds Driver.Start.
const StartTimeout = time.Minute
