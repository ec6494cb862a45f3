// Package layers installs the packages of environments, ahead of the first
// command of a session, into layers on the host's disk that sandboxes share
// read-only.
//
// A layer is made in a setup sandbox by the package managers of the base
// system, which may reach the public registries whatever the environment's
// networking is. It is known by the environment, the lists of packages, the
// base system and the registries: where all of these are the same, the next
// session has its packages without waiting. Environments never share layers,
// because a package may run code where it is installed.
//
// Promises: a layer is made once at a time however many sessions wait for it;
// one that is there is complete, whatever crashed; it isn't changed or removed
// while a Lease holds it; together they stay within a bound, and what was used
// least recently goes first. What can't be installed is a Failure of its
// manager and keeps nothing else from being installed; it is tried again for
// sessions that come some minutes later.
//
// The packages of apt and pip become part of the system by an overlay, so that
// they work as if they had been installed in it, and can be upgraded inside
// where the system can be written. The others are in a directory of their own
// that PATH and the like name; so are pip's where the kernel has no overlays,
// and apt's can't be had there. Under drivers whose system can't be written
// (namespace) apt's are unpacked but not configured: their installation scripts
// don't run, no alternatives are set and dpkg doesn't know them.
//
// The package may not import store, api, brain, journal or sandboxes.
package layers
