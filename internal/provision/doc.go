// Package provision puts into a session's sandbox what must be there before its
// first tool call: the packages of its environment and the clones of its
// repositories.
//
// Promises: what can't be had doesn't stop the session. It is a notice for the
// log, and the session goes on without it; packages are told of once in a
// session, repositories are tried again when the session runs anew. A
// repository that was cloned once is never cloned or touched again, whatever
// the agent does with it.
//
// Sub-packages: layers installs packages, clone makes clones, setup runs the
// sandboxes in which that happens.
//
// The package may not import store, api, brain, journal or sandboxes.
package provision
