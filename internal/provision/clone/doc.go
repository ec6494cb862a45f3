// Package clone makes clones of repositories for sessions.
//
// A clone is made in a setup sandbox that can reach nothing but the
// repository's host. The token is added to its requests by the gate, after they
// have left: it is in no file, process, variable or remote URL inside, neither
// there nor in the clone.
//
// Each repository has a mirror on the host's disk, so that the next session
// need not fetch all of it again. A mirror is never shown to a session. It
// serves as a store of objects for a fetch that the session's own token must be
// good for: what the git host doesn't offer to that token, at that moment,
// doesn't get into the clone, whoever filled the mirror.
//
// Promises: a clone appears at its place whole or not at all. Mirrors are
// written by git in setup sandboxes only, from what the git host has just
// served; they stay within a bound, and what was used least recently goes
// first. A mirror that is of no use costs time, not the clone.
//
// Submodules and files of Git LFS are not fetched.
//
// The package may not import store, api, brain, journal or sandboxes.
package clone
