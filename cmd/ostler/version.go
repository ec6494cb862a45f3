package main

import (
	"fmt"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints what the Go toolchain recorded about this build.
func (versionCommand) Run() error {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	_, err := fmt.Println("ostler", version)
	return err
}
