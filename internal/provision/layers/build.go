package layers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	dir, err := s.install(w, l)
	if s.ctx.Err() != nil {
		err = s.ctx.Err()
	} else if err != nil && !errors.Is(err, errDisk) {
		// No sandbox: nothing was installed.
		l.Own, l.System, l.Failures = nil, nil, nil
		for _, list := range w.Lists {
			l.fail(list.Manager, fmt.Sprintf("the sandbox to install them in failed: %v", err))
		}
		err = nil
	}
	if err != nil {
		return nil, errors.Join(err, hands.RemoveAll(dir))
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
func (s *Store) install(w Want, l *layer) (dir string, err error) {
	overlaid := s.overlaid(s.ctx)
	room, err := s.room(s.ctx, w, overlaid == nil)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, room.Close()) }()
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.Limit+time.Minute)
	defer cancel()
	deadline := time.Now().Add(s.cfg.Limit)
	for _, list := range w.Lists {
		if list.Manager == apt && overlaid != nil {
			l.fail(apt, overlaid.Error())
			continue
		}
		if err := s.run(ctx, room, list, overlaid == nil, time.Until(deadline), l); err != nil {
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
	if len(l.System) == 0 {
		return dir, nil
	}
	if err := s.try(s.ctx, filepath.Join(dir, systemDir)); err != nil {
		for _, name := range l.System {
			l.fail(name, err.Error())
		}
		l.System = nil
	}
	return dir, nil
}

// overlaid says why nothing can be laid over the system here, or nil.
func (s *Store) overlaid(ctx context.Context) error {
	s.probing.Lock()
	defer s.probing.Unlock()
	if s.probed {
		return nil
	}
	err := s.try(ctx, s.probe)
	s.probed = err == nil
	return err
}

// room starts the setup sandbox.
func (s *Store) room(ctx context.Context, w Want, overlaid bool) (*setup.Room, error) {
	out, err := s.out(w.Networking)
	if err != nil {
		return nil, err
	}
	var base []hands.Layer
	if overlaid {
		base = []hands.Layer{s.base}
	}
	return s.cfg.Runner.Start(ctx, setup.Spec{
		For: w.Environment, Out: gate.Session{Policy: out}, Layers: base,
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
func (s *Store) run(ctx context.Context, room *setup.Room, list List, overlaid bool, left time.Duration, l *layer) error {
	m := managerOf(list.Manager)
	if left <= 0 {
		l.fail(m.name, "there was no time left for them")
		return nil
	}
	registry := s.cfg.Registries[m.name]
	if m.name == apt {
		registry = "" // it is in the base
	}
	step := setup.Step{Script: m.script, Limit: left}
	target := m.own()
	if m.system && overlaid {
		target = system
		step.Script = "system=1\n" + step.Script
	}
	step.Args = append([]string{target, registry}, list.Packages...)
	res, err := room.Run(ctx, step)
	switch {
	case err != nil:
		return err
	case res.Code != 0:
		l.fail(m.name, s.said(res))
		return s.discard(ctx, room, m, target)
	case target == system:
		l.System = append(l.System, m.name)
	default:
		l.Own = append(l.Own, m.name)
	}
	return nil
}

// said is what a manager had to say about its failure.
func (s *Store) said(res setup.Result) string {
	said := setup.Last(res.Output, 8, 1500)
	switch {
	case res.TimedOut:
		return strings.TrimSpace(fmt.Sprintf("it took longer than %s. %s", s.cfg.Limit, said))
	case said == "":
		return fmt.Sprintf("it ended with code %d", res.Code)
	}
	return said
}

// discard removes what a manager has left of packages that it could not
// install. In the system apt is the first, and pip leaves nothing there.
func (s *Store) discard(ctx context.Context, room *setup.Room, m manager, target string) error {
	if target == system && m.name != apt {
		return nil
	}
	_, err := room.Run(ctx, setup.Step{Script: `find "$1" -mindepth 1 -delete`, Args: []string{target}, Limit: time.Minute})
	return err
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

// try starts a sandbox over whose system a directory is laid.
func (s *Store) try(ctx context.Context, system string) error {
	room, err := s.cfg.Runner.Start(ctx, setup.Spec{For: "layer", Layers: []hands.Layer{{System: system}}})
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
		return errors.Join(err, hands.RemoveAll(dir))
	}
	if len(l.Failures) > 0 {
		return nil
	}
	// What is there was made by an earlier process and not complete, or is
	// being replaced: nobody holds a complete layer that isn't known.
	final := s.dirOf(l.Key)
	if err := hands.RemoveAll(final); err != nil {
		return err
	}
	l.dir = final
	return os.Rename(dir, final)
}
