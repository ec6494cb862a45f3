package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/server"
)

// drainTime is how long requests may take to end after a signal.
const drainTime = 5 * time.Second

type serveCommand struct {
	Listen string `default:"127.0.0.1:8080" env:"OSTLER_LISTEN" help:"Address to listen on."`
	Data   string `default:"ostler-data" type:"path" env:"OSTLER_DATA" help:"Directory of everything that is kept."`
	options

	SuspendAfter time.Duration `default:"10m" env:"OSTLER_SUSPEND_AFTER" help:"How long a sandbox stays without calls before it is suspended; 0 suspends none."`
	SuspendDisk  int64         `default:"20480" env:"OSTLER_SUSPEND_DISK" help:"Disk for suspended sandboxes in MiB."`
	WarmPool     int           `default:"1" env:"OSTLER_WARM_POOL" help:"Sandboxes kept ready for the first calls of new sessions."`
}

// Run serves until SIGINT or SIGTERM.
func (c *serveCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	config := c.config(c.Data, c.logger())
	config.SuspendAfter, config.SuspendDisk, config.WarmPool = c.SuspendAfter, c.SuspendDisk<<20, c.WarmPool
	s, err := server.Open(ctx, config)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	front := api.NewHTTPServer(s.Handler())
	served := make(chan error, 1)
	go func() { served <- front.Serve(listener) }()
	c.greet(s, listener.Addr())

	select {
	case err = <-served:
	case <-ctx.Done():
		stop() // a second signal kills
		err = shutDown(front)
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.Close())
}

// shutDown lets requests end and cuts off those that don't.
func shutDown(front *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := front.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return front.Close()
}

// greet says what a client needs and what the operator should know.
func (c *serveCommand) greet(s *server.Server, addr net.Addr) {
	url := "http://" + addr.String()
	fmt.Printf("Ostler serves the Managed Agents API at %s\n\n", url)
	if s.KeyFile != "" {
		fmt.Printf("  key file  %s\n", s.KeyFile)
	} else {
		fmt.Println("  key       as set by OSTLER_API_KEY")
	}
	fmt.Printf("  sandbox   %s\n", s.Driver.Isolation())
	if s.Driver.Name() != "gvisor" {
		fmt.Println("            WARNING: weaker isolation, chosen by --sandbox. Don't run code you don't trust.")
	}
	if err := hands.Transparent(s.Driver); err != nil {
		fmt.Printf("  network   only programs that honour proxy variables reach the gate: %v\n", err)
	} else {
		fmt.Println("  network   every program reaches the gate, and nothing but the gate")
	}
	if s.Models.Demo() {
		fmt.Println("  model     the built-in demo model: set ANTHROPIC_API_KEY or OSTLER_MODEL_BASE_URL for a real one")
	}
	fmt.Printf("\nA client needs:\n\n  export ANTHROPIC_BASE_URL=%s\n", url)
	if s.KeyFile != "" {
		fmt.Printf("  export ANTHROPIC_API_KEY=$(cat %s)\n\n", s.KeyFile)
	} else {
		fmt.Printf("  export ANTHROPIC_API_KEY=$OSTLER_API_KEY\n\n")
	}
}
