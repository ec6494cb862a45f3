package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// child is a server in a process of its own.
type child struct {
	cmd   *exec.Cmd
	input io.Closer
}

// startChild starts a server and answers a rig that talks to it.
func startChild(ctx context.Context) (*child, *rig, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(self, "-child")
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	c := &child{cmd, input}
	url, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return nil, nil, errors.Join(err, c.stop())
	}
	r := &rig{url: strings.TrimSpace(url), http: newHTTP()}
	return c, r, r.prepare(ctx)
}

// serveParent is the child's side.
func serveParent(ctx context.Context) (err error) {
	r, err := newRig(ctx, 0, modeltest.Text("Hello."))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.removeEnvironment(ctx); err != nil { // the parent makes its own of that name
		return err
	}
	fmt.Println(r.url)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func (r *rig) removeEnvironment(ctx context.Context) error {
	_, err := r.call(ctx, "DELETE", "/v1/environments/"+r.env, "")
	return err
}

func (c *child) stop() error { return errors.Join(c.input.Close(), c.cmd.Wait()) }

// proc is fields of a file of the child in /proc, from the one behind the
// program's name on.
func (c *child) proc(name string) []string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", c.cmd.Process.Pid, name))
	if err != nil {
		return nil
	}
	_, rest, found := strings.Cut(string(b), ") ")
	if !found {
		rest = string(b)
	}
	return strings.Fields(rest)
}

func number(fields []string, i int) int64 {
	if i >= len(fields) {
		return 0
	}
	n, err := strconv.ParseInt(fields[i], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// resident is the child's resident memory in bytes.
func (c *child) resident() int64 {
	return number(c.proc("statm"), 1) * int64(os.Getpagesize())
}

// cpu is the time the child has spent on the CPU.
func (c *child) cpu() time.Duration {
	stat := c.proc("stat")
	const user, system, tick = 11, 12, 10 * time.Millisecond
	return time.Duration(number(stat, user)+number(stat, system)) * tick
}
