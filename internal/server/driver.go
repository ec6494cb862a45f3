package server

import (
	"context"
	"fmt"

	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/docker"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
	"github.com/ostlerdev/ostler/internal/wire"
)

// driver makes the sandbox driver that c names and tries it out. It never
// falls back to a weaker one.
func driver(ctx context.Context, c Config, data *dataDir) (d hands.Driver, err error) {
	if c.Driver != nil {
		return c.Driver, nil
	}
	state := data.file("sandbox-state")
	switch c.Sandbox {
	case "", "gvisor", "namespace":
		d, err = hostDriver(c, state)
	case "docker":
		d, err = docker.New(docker.Options{
			StateDir: data.file("docker-state"), Rootfs: c.Rootfs, Image: c.DockerImage, Runtime: c.DockerRuntime, Guest: c.Guest, Log: c.Log,
		})
	default:
		return nil, fmt.Errorf("no sandbox driver %q: want gvisor, namespace or docker", c.Sandbox)
	}
	if err != nil {
		return nil, err
	}
	if err := d.Probe(ctx, data.file("probe")); err != nil {
		return nil, fmt.Errorf("the %s sandbox can't be used on this machine: %w", d.Name(), err)
	}
	return d, nil
}

// systemOf names the system that a driver's sandboxes show, if it isn't the
// host's.
func systemOf(d hands.Driver, c Config) string {
	if d, ok := d.(*docker.Driver); ok {
		return d.System()
	}
	return c.Rootfs
}

// policyOf reads what a session's sandbox may reach.
func policyOf(db *sqlite.DB) func(context.Context, string) (policy.Policy, error) {
	return func(ctx context.Context, session string) (p policy.Policy, err error) {
		err = db.View(ctx, func(tx store.Tx) error {
			row, env, err := sessionEnvironment(tx, session)
			if err != nil {
				return err
			}
			doc, err := row.Doc()
			if err != nil {
				return err
			}
			p, err = networkPolicy(env.Config.Networking, doc.Agent.MCPServers)
			return err
		})
		return p, err
	}
}

// sessionEnvironment reads a session with the environment it runs in.
func sessionEnvironment(tx store.Tx, session string) (*store.Session, wire.Environment, error) {
	row, err := store.GetSession(tx, session)
	if err != nil {
		return nil, wire.Environment{}, err
	}
	env, err := store.GetEnvironment(tx, row.EnvironmentID)
	return row, env, err
}

func networkPolicy(n *wire.Networking, servers []wire.MCPServer) (policy.Policy, error) {
	if n == nil || n.Type == wire.TypeUnrestricted {
		return policy.Unrestricted(), nil
	}
	l := policy.Limited{AllowedHosts: n.AllowedHosts, AllowPackageManagers: n.AllowPackageManagers}
	if n.AllowMCPServers {
		for _, s := range servers {
			l.MCPServers = append(l.MCPServers, s.URL)
		}
	}
	return l.Policy()
}
