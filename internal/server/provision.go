package server

import (
	"context"
	"fmt"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/provision"
	"github.com/ostlerdev/ostler/internal/provision/clone"
	"github.com/ostlerdev/ostler/internal/provision/layers"
	"github.com/ostlerdev/ostler/internal/provision/setup"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/sandboxes"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// provision makes what puts packages and repositories into sandboxes.
func (s *Server) provision(c Config, b *base, out *gate.Gate, sockets string) (*provision.Service, error) {
	registries, err := layers.ParseRegistries(c.Registries)
	if err != nil {
		return nil, fmt.Errorf("OSTLER_REGISTRIES: %w", err)
	}
	runner, err := setup.New(setup.Config{Driver: s.Driver, Gate: out, Dir: b.data.file("setup"), SocketDir: sockets, Limits: c.Limits})
	if err != nil {
		return nil, err
	}
	packages, err := layers.New(layers.Config{
		Dir: b.data.file("packages"), Runner: runner, Driver: s.Driver.Name(), Rootfs: systemOf(s.Driver, c), Registries: registries,
		MaxBytes: c.PackagesDisk, Now: time.Now, Log: c.Log,
	})
	if err != nil {
		return nil, err
	}
	s.onClose(func() error { packages.Close(); return nil })
	clones, err := clone.New(clone.Config{Runner: runner, Dir: b.data.file("mirrors"), MaxBytes: c.MirrorsDisk, Now: time.Now, Log: c.Log})
	if err != nil {
		return nil, err
	}
	return provision.New(provision.Config{
		Layers: packages, Clones: clones, Needs: needsOf(b.db), Token: tokenOf(b.db, b.keys), Log: c.Log,
	}), nil
}

// software adapts provision.Service to sandboxes.
func software(p *provision.Service) func(context.Context, string, string) (sandboxes.Software, error) {
	return func(ctx context.Context, session, dir string) (sandboxes.Software, error) {
		shown, notices, release, err := p.Software(ctx, session, dir)
		return sandboxes.Software{Layers: shown, Notices: notices, Release: release}, err
	}
}

// needsOf reads what a session's sandbox must hold.
func needsOf(db store.DB) func(context.Context, string) (provision.Needs, error) {
	return func(ctx context.Context, session string) (n provision.Needs, err error) {
		err = db.View(ctx, func(tx store.Tx) error {
			_, env, err := sessionEnvironment(tx, session)
			if err != nil {
				return err
			}
			n.Packages = layers.Want{Environment: env.ID, Networking: env.Config.Networking}
			if p := env.Config.Packages; p != nil {
				for _, l := range p.Lists() {
					n.Packages.Lists = append(n.Packages.Lists, layers.List{Manager: l.Manager, Packages: *l.Packages})
				}
			}
			n.Repositories, err = repositoriesOf(tx, session)
			return err
		})
		return n, err
	}
}

func repositoriesOf(tx store.Tx, session string) (out []provision.Repository, err error) {
	all, err := store.ResourcesOf(tx, session)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		repo, ok := r.(*wire.GitHubRepositoryResource)
		if !ok {
			continue
		}
		sealed, err := store.ResourceSecret(tx, repo.ID)
		if err != nil {
			return nil, err
		}
		p := provision.Repository{Resource: repo.ID, URL: repo.URL, Path: repo.MountPath, HasToken: sealed != ""}
		if c := repo.Checkout; c != nil && c.Branch != nil {
			p.Branch = c.Branch.Name
		} else if c != nil && c.Commit != nil {
			p.Commit = c.Commit.SHA
		}
		out = append(out, p)
	}
	return out, nil
}

// tokenOf reads the token of a repository, as it is at that moment.
func tokenOf(db store.DB, keys vault.Unsealer) func(context.Context, string, string) (gate.Secret, error) {
	return func(ctx context.Context, session, id string) (gate.Secret, error) {
		var sealed string
		err := db.View(ctx, func(tx store.Tx) (err error) {
			sealed, err = store.ResourceSecret(tx, id)
			return err
		})
		if err != nil {
			return gate.Secret{}, err
		}
		if sealed == "" {
			return gate.Secret{}, fmt.Errorf("resource %s has no token", id)
		}
		token, err := keys.Unseal(sealed, resource.TokenAAD(session, id))
		return gate.NewSecret(token), err
	}
}
