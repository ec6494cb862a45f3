// Command ostler is a server for the Managed Agents API. The same binary is
// also what runs around and inside its sandboxes, under other names.
package main

import (
	"github.com/alecthomas/kong"

	"github.com/ostlerdev/ostler/internal/hands/docker"
	"github.com/ostlerdev/ostler/internal/hands/roles"
)

// commands is the command line. Each command is a struct with a Run method in
// a file of its own.
type commands struct {
	Serve     serveCommand     `cmd:"" help:"Serve the API."`
	Demo      demoCommand      `cmd:"" help:"Run one turn with tools in a sandbox and show it."`
	RotateKey rotateKeyCommand `cmd:"" help:"Give a stopped server a new key for its secrets."`
	Version   versionCommand   `cmd:"" help:"Print the version and exit."`
}

func main() {
	// Before anything else: sandboxes start this binary under other names.
	roles.Dispatch()
	var cli commands
	ctx := kong.Parse(&cli,
		kong.Name("ostler"),
		kong.Description("A self-hosted server for the Managed Agents API."),
		kong.UsageOnError(),
		kong.Vars{"docker_image": docker.DefaultImage},
	)
	ctx.FatalIfErrorf(ctx.Run())
}
