package guest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// fileToolTimeout bounds the file tools; bash has its own clock.
const fileToolTimeout = 120 * time.Second

// server answers the driver's requests.
type server struct {
	reaper *reaper
	shell  *shell
	files  map[string]tool
	bash   *queue

	outMu sync.Mutex
	out   io.Writer

	mu      sync.Mutex
	running map[uint64]context.CancelCauseFunc
}

func newServer(out io.Writer, workdir string, env map[string]string) *server {
	r := newReaper()
	return &server{
		reaper:  r,
		shell:   newShell(workdir, env, r),
		files:   fileTools(workdir),
		bash:    newQueue(),
		out:     out,
		running: map[uint64]context.CancelCauseFunc{},
	}
}

// serve reads requests until the stream ends. It returns without waiting for
// what still runs: the end of the guest is the end of the sandbox.
func (s *server) serve(in *bufio.Reader) error {
	for {
		var req frame.Request
		if err := frame.Read(in, &req); err != nil {
			return err
		}
		switch req.Op {
		case frame.OpRun:
			s.start(req)
		case frame.OpCancel:
			s.cancel(req.ID, context.Canceled)
		case frame.OpStop:
			go s.stop(req.Reason)
		case frame.OpLink:
			go s.link(req)
		case frame.OpAdopt:
			go s.adopt(req)
		default:
			s.answer(frame.Response{ID: req.ID, Failure: fmt.Sprintf("unknown operation %q", req.Op)})
		}
	}
}

// start registers a run before the next frame is read, so that a cancel finds
// it, and hands it to the shell's queue or to a goroutine of its own.
func (s *server) start(req frame.Request) {
	ctx, cancel := context.WithCancelCause(context.Background())
	s.mu.Lock()
	s.running[req.ID] = cancel
	s.mu.Unlock()
	job := func() {
		resp := s.run(ctx, req)
		s.mu.Lock()
		delete(s.running, req.ID)
		s.mu.Unlock()
		cancel(nil)
		s.answer(resp)
	}
	if req.Tool == "bash" {
		s.bash.put(job)
		return
	}
	go job()
}

func (s *server) run(ctx context.Context, req frame.Request) frame.Response {
	resp := frame.Response{ID: req.ID}
	if ctx.Err() == nil {
		resp.Blocks, resp.IsError = s.call(ctx, req)
	}
	if context.Cause(ctx) == context.Canceled {
		return frame.Response{ID: req.ID, Canceled: true}
	}
	keepLarge(&resp, req)
	return resp
}

func (s *server) call(ctx context.Context, req frame.Request) ([]frame.Block, bool) {
	if req.Tool == "bash" {
		text, isErr := s.shell.call(ctx, req.Input, req.Frugal)
		return textBlocks(text), isErr
	}
	run, ok := s.files[req.Tool]
	if !ok {
		return textBlocks(fmt.Sprintf("unknown tool %q", req.Tool)), true
	}
	type outcome struct {
		blocks []frame.Block
		isErr  bool
	}
	done := make(chan outcome, 1)
	go func() {
		blocks, isErr := run(ctx, req.Input)
		done <- outcome{blocks, isErr}
	}()
	// The executors don't all watch ctx (a read may hang in the kernel): an
	// abandoned one ends on its own, and what it answers is dropped.
	timer := time.NewTimer(fileToolTimeout)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.blocks, o.isErr
	case <-timer.C:
		return textBlocks(fmt.Sprintf("tool %q timed out after %s", req.Tool, fileToolTimeout)), true
	case <-ctx.Done():
		return nil, true
	}
}

// cancel stops a run. An id that isn't running has been answered already.
func (s *server) cancel(id uint64, cause error) {
	s.mu.Lock()
	cancel := s.running[id]
	s.mu.Unlock()
	if cancel != nil {
		cancel(cause)
	}
}

// stop kills everything but the guest and lets the running command say why.
func (s *server) stop(reason string) {
	if err := s.shell.stop(reason); err != nil {
		fmt.Fprintln(os.Stderr, "guest: stop:", err)
	}
}

func (s *server) link(req frame.Request) {
	resp := frame.Response{ID: req.ID}
	if err := applyLinks(req.Links); err != nil {
		resp.Failure = err.Error()
	}
	s.answer(resp)
}

// answer sends a response; if the pipe to the driver is broken there is nobody
// left to work for.
func (s *server) answer(resp frame.Response) {
	if err := s.send(resp); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		os.Exit(1)
	}
}

func (s *server) send(resp frame.Response) error {
	s.outMu.Lock()
	defer s.outMu.Unlock()
	return frame.Write(s.out, resp)
}

// keepLarge moves a text that is too large for the model to a file.
func keepLarge(resp *frame.Response, req frame.Request) {
	id := req.CallID
	if id == "" {
		id = "call_" + strconv.FormatUint(req.ID, 10)
	}
	for i := range resp.Blocks {
		b := &resp.Blocks[i]
		if b.Kind != frame.Text {
			continue
		}
		preview, large := hands.Preview(b.Text, hands.OutputFile(id))
		if !large {
			continue
		}
		if err := writeOutput(hands.OutputFile(id), b.Text); err != nil {
			preview += fmt.Sprintf("\n[the whole output could not be kept: %v]", err)
		}
		b.Text = preview
	}
}

func writeOutput(path, text string) error {
	if err := os.MkdirAll(hands.OutputFiles, 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

func textBlocks(text string) []frame.Block {
	return []frame.Block{{Kind: frame.Text, Text: text}}
}
