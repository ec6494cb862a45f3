package box

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// Remote is a sandbox whose processes are somebody else's to start and to end,
// such as a container engine's. It implements [hands.Sandbox].
type Remote struct {
	life
	keeper Keeper
	work   sync.WaitGroup
}

var _ hands.Sandbox = (*Remote)(nil)

// Keeper has the processes of a [Remote].
type Keeper interface {
	// Kill has everything inside ended. It doesn't wait, and may be called
	// often.
	Kill()
	// Gone is closed when everything inside has ended.
	Gone() <-chan struct{}
	// Usage is what is written outside of the sandbox's directory, in bytes.
	Usage(context.Context) (int64, error)
	// Said is what the programs of the sandbox complained of.
	Said() string
	// Release frees what is held for the sandbox. It is called once, after
	// everything has ended.
	Release()
}

// Check refuses a spec that would reach outside of what it may name, and fills
// in the limits it leaves out.
func Check(spec hands.Spec) (hands.Spec, error) {
	if err := validate(spec); err != nil {
		return hands.Spec{}, err
	}
	spec.Limits = withDefaults(spec.Limits)
	return spec, nil
}

// Volumes makes the host's directories of a sandbox and says which are shown
// where, those of layers included. What is in writable ones becomes the
// property of owner, unless that is 0. Whatever an earlier sandbox left in run/
// is removed.
func Volumes(spec hands.Spec, owner int) ([]Volume, error) {
	if err := hands.RemoveAll(filepath.Join(spec.Dir, "run")); err != nil {
		return nil, err
	}
	volumes := sessionVolumes(spec)
	for _, v := range volumes {
		if err := os.MkdirAll(v.Source, 0o755); err != nil {
			return nil, err
		}
	}
	for _, m := range spec.Mounts {
		volumes = append(volumes, Volume{Source: m.Source, Path: m.Path, ReadOnly: m.ReadOnly})
	}
	if err := clearPlaces(volumes); err != nil {
		return nil, err
	}
	if owner != 0 {
		for _, v := range volumes {
			if err := give(v, owner); err != nil {
				return nil, err
			}
		}
	}
	for _, l := range spec.Layers {
		if l.Tree != "" {
			volumes = append(volumes, Volume{Source: l.Tree, Path: l.Path, ReadOnly: true})
		}
	}
	return volumes, nil
}

// sessionVolumes are those that every sandbox has.
func sessionVolumes(spec hands.Spec) []Volume {
	return []Volume{
		{Source: filepath.Join(spec.Dir, "workspace"), Path: hands.Workspace},
		{Source: filepath.Join(spec.Dir, "uploads"), Path: hands.Uploads, ReadOnly: true},
		{Source: filepath.Join(spec.Dir, "outputs"), Path: hands.Outputs},
	}
}

// StartRemote begins to talk to the guest of a started sandbox and returns when
// it is ready. The spec is one that [Check] returned; env is added to the
// environment where neither it nor its layers have a name. If it fails everything inside has ended.
func StartRemote(ctx context.Context, k Keeper, in Input, out io.ReadCloser, spec hands.Spec, env map[string]string) (*Remote, error) {
	r := &Remote{keeper: k}
	r.end, r.dead, r.done = k.Kill, k.Gone(), make(chan struct{})
	r.disk = newDisk(r, spec.Dir, spec.Limits.Disk)
	r.disk.used = r.usage
	init := frame.Init{Env: environment(spec), Links: frameLinks(spec.Links)}
	for name, value := range env {
		if _, ok := init.Env[name]; !ok {
			init.Env[name] = value
		}
	}
	if spec.GateSocket != "" {
		init.Gate = InsideSocket
	}
	var err error
	if r.conn, err = dial(ctx, in, out, init); err != nil {
		r.kill(err)
		r.wait(in, out)
		if said := k.Said(); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return nil, err
	}
	r.work.Go(func() {
		<-r.conn.done // dead, or talking nonsense
		r.kill(hands.ErrLost)
	})
	r.work.Go(r.disk.watch)
	go r.wait(in, out)
	return r, nil
}

// usage is all that the sandbox takes on disk.
func (r *Remote) usage() (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), hands.StartTimeout)
	defer cancel()
	outside, err := r.keeper.Usage(ctx)
	if err != nil {
		return 0, err
	}
	inside, err := diskUsage(r.disk.dir)
	return inside + outside, err
}

// wait releases everything when all inside has ended.
func (r *Remote) wait(in, out io.Closer) {
	<-r.keeper.Gone()
	_ = in.Close()
	_ = out.Close()
	r.work.Wait()
	r.keeper.Release()
	close(r.done)
}
