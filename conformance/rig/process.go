package rig

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startTime is how long a server may take to greet.
const startTime = 60 * time.Second

// build compiles a program as `make build` does ours.
func build(ctx context.Context, to, program string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", to, program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("rig: build %s: %w\n%s", program, err, out)
	}
	return nil
}

// process is a running server.
type process struct {
	url  string
	cmd  *exec.Cmd
	done chan error

	mu     sync.Mutex
	stderr bytes.Buffer
}

// serve starts the server with gVisor, and where gVisor cannot run with the
// weaker driver; the caller is told which.
func serve(binary, dir, key, upstream, internet string) (*process, string, error) {
	var errs []error
	for _, sandbox := range []string{"gvisor", "namespace"} {
		p, err := launch(binary, filepath.Join(dir, "data-"+sandbox), sandbox, key, upstream, internet)
		if err == nil {
			return p, sandbox, nil
		}
		errs = append(errs, fmt.Errorf("rig: serve --sandbox %s: %w", sandbox, err))
	}
	return nil, "", errors.Join(errs...)
}

func launch(binary, data, sandbox, key, upstream, internet string) (*process, error) {
	p := &process{done: make(chan error, 1)}
	p.cmd = exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--data", data, "--sandbox", sandbox)
	p.cmd.Env = append(cleanEnv(),
		"OSTLER_API_KEY="+key, "OSTLER_MODEL_BASE_URL="+upstream, "OSTLER_MODEL_API_KEY=upstream-key", "OSTLER_ALLOW_PRIVATE=1",
		"OSTLER_GATE_HOSTS=pages.test="+strings.TrimPrefix(internet, "http://"), "OSTLER_SEARCH=searxng", "OSTLER_SEARCH_URL="+internet)
	p.cmd.Stderr = writer(p.keep)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	greeting := make(chan string, 1)
	go func() {
		greeting <- readURL(stdout)
		io.Copy(io.Discard, stdout) // so that it never blocks; ends with the process
		p.done <- p.cmd.Wait()
	}()
	timer := time.NewTimer(startTime)
	defer timer.Stop()
	select {
	case p.url = <-greeting:
	case <-timer.C:
	}
	if p.url == "" {
		return nil, errors.Join(errors.New("no greeting with a URL"), p.stop(), errors.New(p.log()))
	}
	return p, nil
}

// readURL finds the server's address in its greeting; "" if it ends without.
func readURL(r io.Reader) string {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), " at http://"); ok {
			return "http://" + strings.TrimSpace(url)
		}
	}
	return ""
}

// cleanEnv is the environment without settings of the server and of clients.
func cleanEnv() []string {
	var out []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "OSTLER_") && !strings.HasPrefix(kv, "ANTHROPIC_") {
			out = append(out, kv)
		}
	}
	return out
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }

func (p *process) keep(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stderr.Write(b)
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// stop asks the server to end and kills it if it doesn't. An exit because of
// the request is no error.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	timer := time.NewTimer(30 * time.Second)
	defer timer.Stop()
	select {
	case err := <-p.done:
		if err != nil {
			return fmt.Errorf("rig: the server ended with %w\n%s", err, p.log())
		}
		return nil
	case <-timer.C:
		return errors.Join(errors.New("rig: the server did not stop within 30 s of SIGTERM"), p.cmd.Process.Kill(), <-p.done)
	}
}
