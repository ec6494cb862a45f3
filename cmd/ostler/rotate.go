package main

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/ostlerdev/ostler/internal/server"
)

type rotateKeyCommand struct {
	Data string `default:"ostler-data" type:"path" env:"OSTLER_DATA" help:"The server's data directory."`
}

// Run replaces the master key of a stopped server.
func (c *rotateKeyCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	n, err := server.RotateKey(ctx, c.Data)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%d secrets are sealed with a new key. Backups from before need the old key file, which is gone from here.\n", n)
	return err
}
