package hands

// SystemPath is PATH inside a sandbox without layers.
const SystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Layer is software that was installed ahead of time and is shown read-only in
// any number of sandboxes. Nobody may change its directories while a sandbox
// shows them. Either directory may be left out.
type Layer struct {
	// Tree is an absolute host directory that is shown at the absolute path
	// Path, where it must have been when it was filled.
	Tree, Path string
	// System is an absolute host directory laid out like a root file system.
	// What is in it is seen in place of, or beside, what the system has. It
	// can't take anything away.
	System string
	// Bin are directories inside that are searched for programs before those
	// of later layers and the system's.
	Bin []string
	// Env is added to the environment of every process inside, where neither
	// an earlier layer nor Spec.Env has the name.
	Env map[string]string
}
