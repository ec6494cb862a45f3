// Package conformance runs the official clients against a real server: the
// SDKs for Python, TypeScript and Go, the last release of each generation, and
// the program of the README. The model behind the server is the strict double
// of package modeltest, and every answer that any client gets is held against
// the contract on its way (packages rig and contract).
//
// The clients of other languages live in python/ and typescript/; each prints
// one line of JSON a check. `make clients` installs them, in the versions of
// the lock files, below .cache/clients. A client that is not installed is
// reported as NOT RUN; with CI=true that fails the test.
//
// Nothing but the registries of the clients is needed, and no account.
package conformance
