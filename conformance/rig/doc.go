// Package rig runs a real ostler binary for the conformance tests: it builds
// it, starts it over an empty data directory with a scripted model upstream,
// and puts the contract checks between it and its clients.
//
//	client ──HTTP──▶ proxy (package contract looks at every answer) ──▶ ostler ──▶ model double, MCP server
//
// Clients of any language use the proxy's URL, so that what no client happens
// to look at is held against the contract all the same. A Rig is shared by all
// tests of a run; tests keep to their own resources. Close ends the processes
// it started and waits for them.
//
// The package is for tests. It imports contract, modeltest and oauthtest.
package rig
