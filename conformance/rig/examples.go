package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"time"
)

// examples are programs of the official MCP SDK that stand beside the server:
// one that speaks streamable HTTP and shows everything the SDK can do, and one
// that speaks the older HTTP with SSE only.
type examples struct {
	Everything string // URL
	Greeter    string // URL, over SSE

	running []*exec.Cmd
}

// startExamples builds and starts the programs below dir.
func startExamples(ctx context.Context, dir string) (*examples, error) {
	e := &examples{}
	everything, err := e.start(ctx, dir, "everything", func(host, port string) []string { return []string{"-http", host + ":" + port} })
	if err == nil {
		e.Everything = "http://" + everything
		e.Greeter, err = e.start(ctx, dir, "sse", func(host, port string) []string { return []string{"-host", host, "-port", port} })
		e.Greeter = "http://" + e.Greeter + "/greeter1"
	}
	if err != nil {
		e.stop()
		return nil, fmt.Errorf("rig: an example of the MCP SDK: %w", err)
	}
	return e, nil
}

// start answers the address at which a program takes connections.
func (e *examples) start(ctx context.Context, dir, name string, args func(host, port string) []string) (string, error) {
	binary := filepath.Join(dir, name)
	if err := build(ctx, binary, "github.com/modelcontextprotocol/go-sdk/examples/server/"+name); err != nil {
		return "", err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	cmd := exec.Command(binary, args(host, port)...)
	if err := cmd.Start(); err != nil {
		return "", err
	}
	e.running = append(e.running, cmd)
	return address, listening(ctx, address)
}

// listening waits until connections are taken.
func listening(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

func (e *examples) stop() {
	for _, cmd := range e.running {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}
}
