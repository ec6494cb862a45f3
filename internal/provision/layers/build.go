package layers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/setup"
	"github.com/ostlerdev/ostler/internal/wire"
)

// build makes a layer. What goes wrong with packages is in its failures; an
// error means that the server is closing or its disk fails.
func (s *Store) build(key string, w Want) (*layer, error) {
	l := &layer{Key: key, Environment: w.Environment}
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.Limit+hands.StartTimeout)
	defer cancel()
	dir, err := s.install(ctx, w, l)
	if s.ctx.Err() != nil {
		err = s.ctx.Err()
	} else if err != nil && !errors.Is(err, errDisk) {
		// No sandbox: nothing was installed.
		l.Installed, l.Tree, l.System, l.Failures = nil, false, false, nil
		for _, list := range w.Lists {
			l.fail(list.Manager, fmt.Sprintf("the sandbox to install them in failed: %v", err))
		}
		err = nil
	}
	if err != nil {
		return nil, errors.Join(err, setup.RemoveAll(dir))
	}
	l.until = s.cfg.Now().Add(s.cfg.Forget)
	return l, s.publish(dir, l)
}

// errDisk says that the server's own directories could not be written.
var errDisk = errors.New("the server's disk")

// fail notes that the packages of a manager could not be installed.
func (l *layer) fail(manager, why string) {
	l.Failures = append(l.Failures, Failure{manager, manager + ": the environment's packages could not be installed: " + why})
}

// install runs the managers and takes what they made to a directory of the
// Store's, which is there if its name is returned, error or not.
func (s *Store) install(ctx context.Context, w Want, l *layer) (dir string, err error) {
	room, err := s.room(ctx, w)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, room.Close()) }()
	deadline := time.Now().Add(s.cfg.Limit)
	for _, list := range w.Lists {
		if err := s.run(ctx, room, list, time.Until(deadline), l); err != nil {
			return "", err
		}
	}
	if err := room.Stop(); err != nil {
		return "", err
	}
	dir = s.dirOf(l.Key + partial + rand.Text())
	if err := l.take(room.Outputs(), dir); err != nil {
		return dir, fmt.Errorf("%w: %w", errDisk, err)
	}
	if l.System {
		if err := s.try(ctx, dir); err != nil {
			l.System = false
			l.Installed = l.Installed[1:] // apt is the first
			l.fail(apt, err.Error())
		}
	}
	return dir, nil
}

// room starts the setup sandbox.
func (s *Store) room(ctx context.Context, w Want) (*setup.Room, error) {
	out, err := s.out(w.Networking)
	if err != nil {
		return nil, err
	}
	return s.cfg.Runner.Start(ctx, setup.Spec{
		For: w.Environment, Out: gate.Session{Policy: out}, Layers: []hands.Layer{s.base},
		Env: map[string]string{"PATH": hands.SystemPath + ":" + toolchains},
		Mounts: func(outputs string) ([]hands.Mount, error) {
			tree := filepath.Join(outputs, treeDir)
			return []hands.Mount{{Path: Path, Source: tree}}, errors.Join(os.Mkdir(tree, 0o755), os.Mkdir(filepath.Join(outputs, systemDir), 0o755))
		},
	})
}

// out is what a setup sandbox may reach: what the environment allows, and the
// registries in any case.
func (s *Store) out(n *wire.Networking) (policy.Policy, error) {
	if n == nil || n.LimitedNetwork == nil {
		return policy.Unrestricted(), nil
	}
	hosts := append(n.AllowedHosts[:len(n.AllowedHosts):len(n.AllowedHosts)], s.hosts...)
	return policy.Limited{AllowedHosts: hosts, AllowPackageManagers: true}.Policy()
}

// run installs the packages of one manager. Its error is the sandbox's.
func (s *Store) run(ctx context.Context, room *setup.Room, list List, left time.Duration, l *layer) error {
	var m manager
	for _, m = range managers {
		if m.name == list.Manager {
			break
		}
	}
	if left <= 0 {
		l.fail(m.name, "there was no time left for them")
		return nil
	}
	registry := s.cfg.Registries[m.name]
	if m.name == apt {
		registry = ""
	}
	res, err := room.Run(ctx, setup.Step{Script: m.script, Args: append([]string{m.target(), registry}, list.Packages...), Limit: left})
	if err != nil {
		return err
	}
	if res.Code == 0 {
		l.Installed = append(l.Installed, m.name)
		if m.name == apt {
			l.System = true
		} else {
			l.Tree = true
		}
		return nil
	}
	said := setup.Last(res.Output, 8, 1500)
	switch {
	case res.TimedOut:
		said = fmt.Sprintf("it took longer than %s. It last said:\n%s", s.cfg.Limit, said)
	case said == "":
		said = fmt.Sprintf("it ended with code %d", res.Code)
	}
	l.fail(m.name, said)
	// Half of a manager's packages are none.
	_, err = room.Run(ctx, setup.Step{Script: `rm -rf -- "$1"; if [ -n "$2" ]; then mkdir -p "$1"; fi`, Args: []string{m.target(), keep(m)}, Limit: time.Minute})
	return err
}

// keep is not empty for a manager whose directory must be there.
func keep(m manager) string {
	if m.name == apt {
		return "1"
	}
	return ""
}

// take moves what was made from a setup sandbox's outputs to dir.
func (l *layer) take(outputs, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{treeDir, systemDir} {
		// The names may be links by now, which Rename moves and doesn't follow.
		if err := os.Rename(filepath.Join(outputs, name), filepath.Join(dir, name)); err != nil {
			return err
		}
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			return fmt.Errorf("%s is not a directory any more (%v)", name, err)
		}
	}
	bytes, err := usage(dir)
	l.Bytes = bytes
	return err
}

// try starts a sandbox that shows a layer's system.
func (s *Store) try(ctx context.Context, dir string) error {
	room, err := s.cfg.Runner.Start(ctx, setup.Spec{For: "layer", Layers: []hands.Layer{{System: filepath.Join(dir, systemDir)}}})
	if err != nil {
		return fmt.Errorf("no sandbox starts with them: %w", err)
	}
	return room.Close()
}

// publish makes a directory the layer's own.
func (s *Store) publish(dir string, l *layer) error {
	if dir == "" {
		return nil // of nothing but failures
	}
	l.dir = dir
	if err := l.write(dir); err != nil {
		return errors.Join(err, setup.RemoveAll(dir))
	}
	if len(l.Failures) > 0 {
		return nil
	}
	// What is there was made by an earlier process and not complete, or is
	// being replaced: nobody holds a complete layer that isn't known.
	final := s.dirOf(l.Key)
	if err := setup.RemoveAll(final); err != nil {
		return err
	}
	l.dir = final
	return os.Rename(dir, final)
}
