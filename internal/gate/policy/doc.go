// Package policy decides which hosts and ports a sandbox may reach. It makes
// decisions about names and does no I/O: whether the address behind a name may
// be dialled is package dial's decision, and both must agree.
//
// The package imports nothing of the project.
package policy
