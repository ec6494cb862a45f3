//go:build linux

package box

import "golang.org/x/sys/unix"

// Plan is what the launcher is told, as one JSON object on descriptor 3. All
// paths are the host's, except where noted.
type Plan struct {
	Driver   string   `json:"driver"` // which program the launcher becomes
	ID       string   `json:"id"`
	Programs string   `json:"programs"` // directory made by [Programs]
	Rootfs   string   `json:"rootfs"`   // directory used in place of the host's system, or ""
	Run      string   `json:"run"`      // an empty directory: where the new root is built
	Store    string   `json:"store"`    // directory on disk for what is written outside volumes
	Gate     string   `json:"gate"`     // unix socket, or ""
	Wire     Wire     `json:"wire"`     // of the network interface, or ""
	Volumes  []Volume `json:"volumes"`
	Shelf    bool     `json:"shelf"`  // the guest may mount, until it is adopted
	Layers   []string `json:"layers"` // directories laid over the system, the first on top
	Apt      *Apt     `json:"apt"`    // nil if the system can't be written
	// TrustedCA are PEM certificates to be trusted inside, or empty.
	TrustedCA []byte `json:"trusted_ca"`
	// Owner is the host id that is root inside, 0 if the launcher itself is
	// in a user namespace that says so.
	Owner     int   `json:"owner"`
	Memory    int64 `json:"memory"`    // bytes
	Processes int   `json:"processes"` // count
	Disk      int64 `json:"disk"`      // bytes
	FileSize  int64 `json:"file_size"` // bytes
	// Checkpoint is the directory of a checkpoint to go on from, or "".
	Checkpoint string `json:"checkpoint"`
}

// The launcher's own root, after it has left the host's. Nothing but these and
// /proc, /sys, /dev and an empty /tmp is there.
const (
	ProgramsDir = "/bin"       // Plan.Programs
	RootDir     = "/box/root"  // the sandbox's root file system
	VolumeDir   = "/box/vol"   // Plan.Volumes, by index
	GateDir     = "/box/gate"  // holds the gate's socket, if there is one
	StoreDir    = "/box/store" // Plan.Store
	WorkDir     = "/box/work"  // for the driver's program
	// CheckpointDir is Plan.Checkpoint, if there is one.
	CheckpointDir = "/box/checkpoint"
)

// Capabilities are what root inside may do: what installing and running
// programs takes. Without CAP_SYS_ADMIN and CAP_SYS_RESOURCE the limits on
// processes hold for root too, and nothing can be mounted.
var Capabilities = map[string]uintptr{
	"CAP_AUDIT_WRITE":      unix.CAP_AUDIT_WRITE,
	"CAP_CHOWN":            unix.CAP_CHOWN,
	"CAP_DAC_OVERRIDE":     unix.CAP_DAC_OVERRIDE,
	"CAP_FOWNER":           unix.CAP_FOWNER,
	"CAP_FSETID":           unix.CAP_FSETID,
	"CAP_KILL":             unix.CAP_KILL,
	"CAP_NET_BIND_SERVICE": unix.CAP_NET_BIND_SERVICE,
	"CAP_SETFCAP":          unix.CAP_SETFCAP,
	"CAP_SETGID":           unix.CAP_SETGID,
	"CAP_SETPCAP":          unix.CAP_SETPCAP,
	"CAP_SETUID":           unix.CAP_SETUID,
	"CAP_SYS_CHROOT":       unix.CAP_SYS_CHROOT,
}
