// Package box is what the sandbox drivers of one machine share, on the host's
// side: the directory of program names the sandbox is started from, the
// launcher (our own binary again, PID 1 of new namespaces, that builds the
// sandbox's file system and then becomes the driver's program), the connection
// to the guest, the limits a driver can't enforce itself, the record that lets
// Sweep find what a crashed server left, and how a sandbox is suspended, gone on
// with, and moved to another session's directory. A driver whose sandboxes are
// somebody else's processes uses the parts that need no Linux ([Remote]).
//
// Promises, but for a Remote: everything that belongs to a sandbox is below its launcher in one
// PID namespace, so that killing the launcher kills all of it, and the launcher
// is gone only after the rest is; all mounts are in the launcher's mount
// namespace and vanish with it; the launcher dies with the server (parent death
// signal), the guest with its standard input.
//
// The package may not import store, api, brain, wire or a driver.
package box
