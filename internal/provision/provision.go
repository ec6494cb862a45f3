package provision

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/clone"
	"github.com/ostlerdev/ostler/internal/provision/layers"
)

// Config is what a Service works with.
type Config struct {
	Layers *layers.Store
	Clones *clone.Service
	// Needs looks up what a session needs.
	Needs func(ctx context.Context, session string) (Needs, error)
	// Token looks up the token of a repository of a session.
	Token func(ctx context.Context, session, resource string) (gate.Secret, error)
	Log   *slog.Logger
}

// Needs is what a session's sandbox must hold.
type Needs struct {
	Packages     layers.Want
	Repositories []Repository
}

// Repository is a repository of a session.
type Repository struct {
	Resource string // id
	URL      string
	Path     string // where the clone belongs, below hands.Workspace
	Branch   string // or Commit, or neither
	Commit   string
	HasToken bool
}

// Service provisions sandboxes. It is safe for concurrent use; calls for one
// session must come one after the other.
type Service struct{ cfg Config }

// New makes a Service.
func New(c Config) *Service { return &Service{c} }

// Software answers what the sandbox of a session shows, once its packages are
// installed; release is to be called when the sandbox is gone. dir is the
// session's host directory.
func (s *Service) Software(ctx context.Context, session, dir string) (shown []hands.Layer, notices []hands.Notice, release func(), err error) {
	needs, err := s.cfg.Needs(ctx, session)
	if err != nil {
		return nil, nil, nil, err
	}
	lease, err := s.cfg.Layers.Get(ctx, needs.Packages)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the packages of the environment: %w", err)
	}
	if notices, err = report(dir, lease.Failures); err != nil {
		lease.Release()
		return nil, nil, nil, err
	}
	return lease.Layers, notices, lease.Release, nil
}

// report makes notices of the failures that the session wasn't told of yet.
func report(dir string, failures []layers.Failure) (out []hands.Notice, err error) {
	if len(failures) == 0 {
		return nil, nil
	}
	st, err := readState(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range failures {
		if !st.Reported[f.Manager] {
			st.Reported[f.Manager] = true
			out = append(out, hands.Notice{Kind: "unknown_error", Message: f.Message})
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, st.write(dir)
}

// Repositories makes the clones that the session's workspace lacks. dir is the
// session's host directory, in which workspace/ is there; turn tells the runs
// of the session apart: what failed is tried again in another one. done says
// that there is nothing left to do. The error is ctx's or the server's own.
func (s *Service) Repositories(ctx context.Context, session, dir string, turn int64) (notices []hands.Notice, done bool, err error) {
	needs, err := s.cfg.Needs(ctx, session)
	if err != nil || len(needs.Repositories) == 0 {
		return nil, err == nil, err
	}
	st, err := readState(dir)
	if err != nil {
		return nil, false, err
	}
	var todo []Repository
	done = true
	for _, r := range needs.Repositories {
		c, tried := st.Clones[r.Resource]
		if c.Done {
			continue
		}
		done = false
		if !tried || c.Turn != turn {
			todo = append(todo, r)
		}
	}
	if len(todo) == 0 {
		return nil, done, nil
	}
	errs := make([]error, len(todo))
	var wg sync.WaitGroup
	for i, r := range todo {
		wg.Go(func() { errs[i] = s.clone(ctx, session, dir, r) })
	}
	wg.Wait()
	for i, r := range todo {
		if errs[i] != nil && ctx.Err() != nil {
			continue // stopped, not tried
		}
		st.Clones[r.Resource] = tried{Done: errs[i] == nil, Turn: turn}
		if errs[i] != nil {
			notices = append(notices, s.notice(session, r, errs[i]))
		}
	}
	if err := st.write(dir); err != nil {
		return nil, false, err
	}
	return notices, st.all(needs.Repositories), ctx.Err()
}

func (s *Service) clone(ctx context.Context, session, dir string, r Repository) error {
	return s.cfg.Clones.Clone(ctx, session, s.repository(session, r), func(from string) error {
		return place(from, dir, strings.TrimPrefix(r.Path, hands.Workspace+"/"))
	})
}

func (s *Service) repository(session string, r Repository) clone.Repository {
	out := clone.Repository{URL: r.URL, Branch: r.Branch, Commit: r.Commit, Credential: r.Resource}
	if r.HasToken {
		out.Token = func(ctx context.Context) (gate.Secret, error) { return s.cfg.Token(ctx, session, r.Resource) }
	}
	return out
}

// notice tells the session that it has to do without a repository.
func (s *Service) notice(session string, r Repository, err error) hands.Notice {
	n := hands.Notice{Kind: clone.KindClone, RepositoryURL: r.URL}
	var ours *clone.Error
	var taken *takenError
	switch {
	case errors.As(err, &ours):
		n.Kind, n.Message = ours.Kind, ours.Message
	case errors.As(err, &taken):
		n.Message = fmt.Sprintf("repository %s: %v", r.URL, taken)
	default:
		s.cfg.Log.Error("a repository could not be cloned", "session", session, "repository", r.URL, "error", err)
		n.Message = fmt.Sprintf("repository %s: the server could not clone it", r.URL)
	}
	return n
}

// Injections are the credentials by which the session's own sandbox fetches
// from and pushes to its repositories, as they are at this moment. Their values
// are looked up for each request. has says whether the session has
// repositories, whose tokens may come later.
func (s *Service) Injections(ctx context.Context, session string) (out []gate.Injection, has bool, err error) {
	needs, err := s.cfg.Needs(ctx, session)
	if err != nil {
		return nil, false, err
	}
	for _, r := range needs.Repositories {
		more, err := clone.Injections(s.repository(session, r))
		if err != nil {
			return nil, false, err
		}
		out = append(out, more...)
	}
	return out, len(needs.Repositories) > 0, nil
}
