//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// Start makes a sandbox and returns when its guest is ready. A failure leaves
// nothing behind and quotes what the programs said.
func Start(ctx context.Context, cfg Config, spec hands.Spec) (*Sandbox, error) {
	return start(ctx, cfg, spec, "")
}

// start is Start, or with the directory of a checkpoint, Resume.
func start(ctx context.Context, cfg Config, spec hands.Spec, checkpoint string) (*Sandbox, error) {
	if err := validate(spec); err != nil {
		return nil, err
	}
	if spec.Shelf && !cfg.Shelf {
		return nil, errors.New("this kind of sandbox can't have a shelf")
	}
	if spec.Shelf && checkpoint == "" && len(spec.Mounts) > 0 {
		return nil, errors.New("a sandbox with a shelf is shown mounts when it is adopted")
	}
	if cfg.wireFor(spec) != "" {
		spec.GateSocket = ""
	}
	ctx, cancel := context.WithTimeout(ctx, hands.StartTimeout)
	defer cancel()
	if cfg.Patience > 0 {
		first, cancel := context.WithTimeout(ctx, cfg.Patience)
		defer cancel()
		s, err := attempt(first, cfg, spec, checkpoint)
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return s, err
		}
		cfg.Log.Warn("a sandbox that did not start is started again", "sandbox", spec.ID, "error", err)
	}
	return attempt(ctx, cfg, spec, checkpoint)
}

// attempt is start once.
func attempt(ctx context.Context, cfg Config, spec hands.Spec, checkpoint string) (*Sandbox, error) {
	limits := withDefaults(spec.Limits)
	record, err := reserve(cfg.StateDir, spec.ID, filepath.Join(spec.Dir, "run"))
	if err != nil {
		return nil, err
	}
	s := &Sandbox{record: record, shelf: spec.Shelf, stderr: &Tail{}, died: make(chan struct{})}
	s.end = func() { _ = s.cmd.Process.Kill() } // it may be dead already
	s.dead, s.done = s.died, make(chan struct{})
	s.disk = newDisk(s, spec.Dir, limits.Disk)
	s.disk.held = func(dir string) (int64, error) { return unnamed(s.cmd.Process.Pid, dir) }
	s.memory = memoryMeter(s, limits.Memory)
	plan, err := prepare(cfg, spec, limits)
	if err != nil {
		s.release()
		return nil, err
	}
	s.owner = plan.Owner
	if err = s.suspendable(cfg, spec, &plan, checkpoint); err == nil {
		s.network, err = newNetwork(plan.Wire, spec.Network)
	}
	if err != nil {
		s.release()
		return nil, err
	}
	in, out, err := s.launch(cfg, plan)
	if err != nil {
		s.release()
		return nil, err
	}
	s.control.attach()
	if err = s.network.attach(ctx); err == nil {
		s.conn, err = greet(ctx, in, out, spec, checkpoint != "")
	}
	if err != nil {
		s.kill(err)
		s.wait(in, out)
		if said := s.stderr.String(); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return nil, fmt.Errorf("start %s sandbox: %w", cfg.Driver, err)
	}
	s.work.Go(func() {
		<-s.conn.done // dead, or talking nonsense
		s.kill(hands.ErrLost)
	})
	s.work.Go(s.disk.watch)
	s.work.Go(s.memory.watch)
	go s.wait(in, out)
	return s, nil
}

// greet makes the connection to the guest of a sandbox that was started, or of
// one that goes on.
func greet(ctx context.Context, in, out *os.File, spec hands.Spec, resumed bool) (*conn, error) {
	if resumed {
		return redial(ctx, in, out, spec.Links)
	}
	init := frame.Init{Env: environment(spec), Links: frameLinks(spec.Links), Shelf: spec.Shelf}
	if spec.GateSocket != "" {
		init.Gate = InsideSocket
	}
	return dial(ctx, in, out, init)
}
