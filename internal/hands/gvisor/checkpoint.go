package gvisor

import (
	"fmt"
	"os"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/control/client"
	"gvisor.dev/gvisor/pkg/sentry/control"
	"gvisor.dev/gvisor/pkg/sentry/state/checkpointfiles"
	"gvisor.dev/gvisor/pkg/state/statefile"
	"gvisor.dev/gvisor/pkg/urpc"
	"gvisor.dev/gvisor/runsc/boot"
	"gvisor.dev/gvisor/runsc/config"
	"gvisor.dev/gvisor/runsc/container"

	"github.com/ostlerdev/ostler/internal/hands/box"
)

// checkpointFiles are those of a checkpoint whose pages are not compressed, in
// gVisor's order. Without compression pages can be loaded while the sandbox
// runs again.
var checkpointFiles = []string{
	checkpointfiles.StateFileName, checkpointfiles.PagesMetadataFileName, checkpointfiles.PagesFileName,
}

// restore goes on from a checkpoint. Standard input and output are this
// process's again, and the interfaces are connected to another wire.
func (r *run) restore(c *container.Container, conf *config.Config) error {
	var network *boot.CreateLinksAndRoutesArgs
	if r.wire != nil {
		network = interfaces(r.wire)
	}
	const direct, background = false, true
	if err := c.Restore(conf, box.CheckpointDir, direct, background, network); err != nil {
		return err
	}
	if r.wire == nil {
		return nil
	}
	return r.wire.Close()
}

// saver makes a checkpoint of a running sandbox when the server asks for it.
type saver struct {
	asked atomic.Bool
	done  chan struct{}
}

// watch waits for the server to ask.
func watch(socket *os.File, sandbox string) *saver {
	s := &saver{done: make(chan struct{})}
	go func() {
		defer close(s.done)
		box.AnswerControl(socket, func(files []*os.File) error {
			s.asked.Store(true)
			return save(sandbox, files)
		})
	}()
	return s
}

// wait waits for the server to have its answer, if it asked. The sandbox ends
// with the checkpoint.
func (s *saver) wait() {
	if s.asked.Load() {
		<-s.done
	}
}

// save fills files with a checkpoint, after which nothing runs in the sandbox.
func save(sandbox string, files []*os.File) error {
	conn, err := client.ConnectTo(sandbox)
	if err != nil {
		return fmt.Errorf("connect to the sandbox: %w", err)
	}
	defer conn.Close()
	return conn.Call(boot.ContMgrCheckpoint, &control.SaveOpts{
		Metadata:      statefile.CompressionLevelNone.ToMetadata(),
		HavePagesFile: true,
		FilePayload:   urpc.FilePayload{Files: files},
	}, nil)
}
