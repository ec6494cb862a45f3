package box

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// cancelGrace is how long the guest may take to stop a cancelled call; after
// it the sandbox is taken for broken.
const cancelGrace = 10 * time.Second

// Input is the way to a guest's standard input.
type Input interface {
	io.WriteCloser
	SetWriteDeadline(time.Time) error
}

// conn is the driver's end of the pipes to a guest. Requests may be made side
// by side. When the guest is gone every waiting request fails with
// [hands.ErrLost].
type conn struct {
	in  Input
	out io.ReadCloser

	writeMu sync.Mutex

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]chan frame.Response
	gone    bool

	done chan struct{} // closed when the guest's output ended
}

func openConn(in Input, out io.ReadCloser) *conn {
	return &conn{in: in, out: out, waiting: map[uint64]chan frame.Response{}, done: make(chan struct{})}
}

// redial makes the connection to a guest that goes on where it waited for a
// request. Making the links shows that it does.
func redial(ctx context.Context, in Input, out io.ReadCloser, links []hands.Link) (*conn, error) {
	c := openConn(in, out)
	go c.read()
	return c, c.link(ctx, links)
}

// dial makes the connection and waits for the guest to be ready. The caller
// closes the pipes if it fails.
func dial(ctx context.Context, in Input, out io.ReadCloser, init frame.Init) (*conn, error) {
	c := openConn(in, out)
	ready := make(chan frame.Response, 1)
	c.waiting[0] = ready
	go c.read()
	init.Version = frame.Version
	if err := c.write(init); err != nil {
		return nil, err
	}
	select {
	case resp, ok := <-ready:
		switch {
		case !ok:
			return nil, errors.New("the guest ended before it was ready")
		case resp.Failure != "":
			return nil, errors.New(resp.Failure)
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// read hands out responses until the stream ends or stops making sense.
func (c *conn) read() {
	defer close(c.done)
	r := bufio.NewReaderSize(c.out, 64<<10)
	for {
		var resp frame.Response
		if err := frame.Read(r, &resp); err != nil {
			break
		}
		c.mu.Lock()
		ch := c.waiting[resp.ID]
		delete(c.waiting, resp.ID)
		c.mu.Unlock()
		if ch != nil {
			ch <- resp
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	for id, ch := range c.waiting {
		delete(c.waiting, id)
		close(ch)
	}
}

// write sends one frame. A guest that doesn't read for long is broken.
func (c *conn) write(v any) error {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	if err := c.in.SetWriteDeadline(time.Now().Add(cancelGrace)); err != nil {
		return fmt.Errorf("%w: %v", hands.ErrLost, err)
	}
	err := frame.Write(c.in, v)
	if err == nil || errors.Is(err, frame.ErrTooLarge) {
		return err
	}
	return fmt.Errorf("%w: %v", hands.ErrLost, err)
}

// ask registers a request.
func (c *conn) ask() (uint64, chan frame.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return 0, nil, hands.ErrLost
	}
	c.next++
	ch := make(chan frame.Response, 1)
	c.waiting[c.next] = ch
	return c.next, ch, nil
}

func (c *conn) forget(id uint64) {
	c.mu.Lock()
	delete(c.waiting, id)
	c.mu.Unlock()
}

// do sends a request and waits for its response. If ctx ends first it cancels
// the run and waits for it to have stopped.
func (c *conn) do(ctx context.Context, req frame.Request) (frame.Response, error) {
	id, ch, err := c.ask()
	if err != nil {
		return frame.Response{}, err
	}
	req.ID = id
	if err := c.write(req); err != nil {
		c.forget(id)
		return frame.Response{}, err
	}
	select {
	case resp, ok := <-ch:
		if !ok {
			return frame.Response{}, hands.ErrLost
		}
		return resp, nil
	case <-ctx.Done():
	}
	if err := c.write(frame.Request{ID: id, Op: frame.OpCancel}); err != nil {
		c.forget(id)
		return frame.Response{}, err
	}
	timer := time.NewTimer(cancelGrace)
	defer timer.Stop()
	select {
	case _, ok := <-ch:
		if !ok {
			return frame.Response{}, hands.ErrLost
		}
		return frame.Response{}, ctx.Err()
	case <-timer.C:
		c.forget(id)
		return frame.Response{}, fmt.Errorf("%w: a cancelled call did not stop within %s", hands.ErrLost, cancelGrace)
	}
}

// run makes a tool call; frugal keeps bash from making files grow.
func (c *conn) run(ctx context.Context, call hands.Call, frugal bool) (hands.Result, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(call.Input, &object); err != nil {
		return textResult(fmt.Sprintf("invalid %s input: %v", call.Tool, err)), nil
	}
	resp, err := c.do(ctx, frame.Request{
		Op: frame.OpRun, CallID: fileName(call.ID), Tool: call.Tool, Input: call.Input, Frugal: frugal,
	})
	if errors.Is(err, frame.ErrTooLarge) {
		return textResult(fmt.Sprintf("invalid %s input: %d bytes is more than a call may carry", call.Tool, len(call.Input))), nil
	}
	if err != nil {
		return hands.Result{}, err
	}
	return result(resp)
}

// stop kills every process inside but the guest.
func (c *conn) stop(reason string) error {
	return c.write(frame.Request{Op: frame.OpStop, Reason: reason})
}

// link makes and removes links.
func (c *conn) link(ctx context.Context, links []hands.Link) error {
	return c.tell(ctx, frame.Request{Op: frame.OpLink, Links: frameLinks(links)})
}

// tell makes a request that has no answer but that it was carried out.
func (c *conn) tell(ctx context.Context, req frame.Request) error {
	resp, err := c.do(ctx, req)
	if err != nil {
		return err
	}
	if resp.Failure != "" {
		return errors.New(resp.Failure)
	}
	return nil
}

func frameLinks(links []hands.Link) []frame.Link {
	out := make([]frame.Link, len(links))
	for i, l := range links {
		out[i] = frame.Link{Path: l.Path, Target: l.Target}
	}
	return out
}
