package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
	"github.com/ostlerdev/ostler/internal/hands/docker/inside"
)

// sandboxContainer is a container with a guest; it implements [box.Keeper].
type sandboxContainer struct {
	api    *client.Client
	record record
	id     string
	pid    int
	in     box.Input
	out    io.ReadCloser
	said   box.Tail
	net    *network // nil without an interface

	once sync.Once
	end  chan struct{} // closed when it is to end
	gone chan struct{} // closed when it is removed
}

var _ box.Keeper = (*sandboxContainer)(nil)

// start makes and starts the container. What it has made when it fails is for
// discard.
func (c *sandboxContainer) start(ctx context.Context, options client.ContainerCreateOptions, take hands.Network) error {
	made, err := c.api.ContainerCreate(ctx, options)
	if err != nil {
		return err
	}
	c.id = made.ID
	go c.keep()
	if err := c.attach(ctx, take); err != nil {
		return err
	}
	if _, err := c.api.ContainerStart(ctx, c.id, client.ContainerStartOptions{}); err != nil {
		return err
	}
	state, err := c.api.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{})
	if err != nil {
		return c.explain(err)
	}
	if state.Container.State != nil {
		c.pid = state.Container.State.Pid
	}
	return nil
}

// explain adds what the container's programs have said to an error.
func (c *sandboxContainer) explain(err error) error {
	if said := c.Said(); said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// discard ends a container that isn't a sandbox yet.
func (c *sandboxContainer) discard() {
	if c.id != "" {
		c.Kill()
		<-c.gone
	}
	for _, stream := range []io.Closer{c.in, c.out} {
		if stream != nil {
			_ = stream.Close()
		}
	}
	c.Release()
}

// keep removes the container when it is to end.
func (c *sandboxContainer) keep() {
	defer close(c.gone)
	<-c.end
	// Without its input the guest ends by itself, and the engine removes what
	// ends. What is left for all that is for Sweep.
	ctx, cancel := context.WithTimeout(context.Background(), removeTime)
	defer cancel()
	for remove(ctx, c.api, c.id) != nil && ctx.Err() == nil {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// removeTime is how long an engine may take to remove a container.
const removeTime = time.Minute

// remove ends and removes a container, and returns when it is gone.
func remove(ctx context.Context, api *client.Client, id string) error {
	_, err := api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if cerrdefs.IsConflict(err) { // the engine is at it
		wait := api.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionRemoved})
		select {
		case <-wait.Result:
			return nil
		case err = <-wait.Error:
		}
	}
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	return err
}

// Kill implements [box.Keeper].
func (c *sandboxContainer) Kill() { c.once.Do(func() { close(c.end) }) }

// Gone implements [box.Keeper].
func (c *sandboxContainer) Gone() <-chan struct{} { return c.gone }

// Said implements [box.Keeper].
func (c *sandboxContainer) Said() string { return c.said.String() }

// Usage implements [box.Keeper]: it is the size of the container's own layer.
func (c *sandboxContainer) Usage(ctx context.Context) (int64, error) {
	state, err := c.api.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{Size: true})
	if cerrdefs.IsNotFound(err) {
		return 0, nil // it is ending
	}
	if err != nil {
		return 0, err
	}
	if state.Container.SizeRw == nil {
		return 0, errors.New("the engine doesn't say")
	}
	return *state.Container.SizeRw, nil
}

// Release implements [box.Keeper].
func (c *sandboxContainer) Release() {
	if c.net != nil {
		c.net.close()
	}
	c.record.remove()
}

// attach connects to the container's streams, and its network interface if it
// is to have one.
func (c *sandboxContainer) attach(ctx context.Context, take hands.Network) (err error) {
	if take == nil {
		c.in, c.out, err = attach(ctx, c.api, c.id, &c.said)
		return err
	}
	r, w := io.Pipe()
	in, out, err := attach(ctx, c.api, c.id, w)
	if err != nil {
		return err
	}
	requests := &inside.Requests{To: in}
	c.in, c.out = requests, closing{out, r}
	c.net, err = connect(take, requests, r, &c.said, c.Kill)
	return err
}

// attach connects to the streams of a container that wasn't started yet. What
// comes from its standard error goes to said. The output ends when the
// connection does, and said is closed if it can be.
func attach(ctx context.Context, api *client.Client, id string, said io.Writer) (box.Input, io.ReadCloser, error) {
	stream, err := api.ContainerAttach(ctx, id, client.ContainerAttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, nil, err
	}
	r, w := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(w, said, stream.Reader)
		_ = w.CloseWithError(err) // nil is the end
		if c, ok := said.(io.Closer); ok {
			_ = c.Close()
		}
	}()
	return stream.Conn, closing{r, stream.Conn}, nil
}

// closing closes something else, too.
type closing struct {
	io.ReadCloser
	also io.Closer
}

// Close implements io.Closer.
func (c closing) Close() error { return errors.Join(c.also.Close(), c.ReadCloser.Close()) }
