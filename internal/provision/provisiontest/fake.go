package provisiontest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/ostlerdev/ostler/internal/hands"
)

// Fake is a driver of sandboxes in which nothing runs: Step answers the steps
// of a setup sandbox in the test itself.
type Fake struct {
	// Step is given what a sandbox shows, and a step's script and arguments.
	Step func(ctx context.Context, spec hands.Spec, script string, args []string) (code int, output string)
	// Started, if set, may refuse a sandbox.
	Started func(spec hands.Spec) error

	mu     sync.Mutex
	starts int
}

// Starts is how many sandboxes were started.
func (f *Fake) Starts() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.starts
}

// Name implements [hands.Driver].
func (f *Fake) Name() string { return "fake" }

// Isolation implements [hands.Driver].
func (f *Fake) Isolation() string { return "none" }

// Probe implements [hands.Driver].
func (f *Fake) Probe(context.Context, string) error { return nil }

// Sweep implements [hands.Driver].
func (f *Fake) Sweep(context.Context) error { return nil }

// Start implements [hands.Driver].
func (f *Fake) Start(_ context.Context, spec hands.Spec) (hands.Sandbox, error) {
	f.mu.Lock()
	f.starts++
	f.mu.Unlock()
	if f.Started != nil {
		if err := f.Started(spec); err != nil {
			return nil, err
		}
	}
	return &fakeSandbox{f: f, spec: spec, done: make(chan struct{})}, os.MkdirAll(filepath.Join(spec.Dir, "workspace"), 0o755)
}

type fakeSandbox struct {
	f    *Fake
	spec hands.Spec
	done chan struct{}
	once sync.Once
}

var stepNumber = regexp.MustCompile(`^n=(\d+);`)

func (s *fakeSandbox) Run(ctx context.Context, call hands.Call) (hands.Result, error) {
	var in struct{ Command string }
	if err := json.Unmarshal(call.Input, &in); err != nil {
		return hands.Result{}, err
	}
	n := stepNumber.FindStringSubmatch(in.Command)
	if n == nil {
		return hands.Result{}, errors.New("not the beginning of a step")
	}
	dir := filepath.Join(s.spec.Dir, "uploads", n[1])
	script, err := os.ReadFile(filepath.Join(dir, "script"))
	if err != nil {
		return hands.Result{}, err
	}
	args, err := os.ReadFile(filepath.Join(dir, "args"))
	if err != nil {
		return hands.Result{}, err
	}
	code, output := s.f.Step(ctx, s.spec, string(script), strings.Split(strings.TrimSuffix(string(args), "\x00"), "\x00"))
	if err := ctx.Err(); err != nil {
		return hands.Result{}, err
	}
	text, err := json.Marshal(map[string]string{"type": "text", "text": fmt.Sprintf("[1] 77\nended %d\n%s\n", code, output)})
	return hands.Result{Content: []json.RawMessage{text}}, err
}

func (s *fakeSandbox) Link(context.Context, []hands.Link) error { return nil }
func (s *fakeSandbox) Done() <-chan struct{}                    { return s.done }
func (s *fakeSandbox) Close(context.Context) error              { s.once.Do(func() { close(s.done) }); return nil }
