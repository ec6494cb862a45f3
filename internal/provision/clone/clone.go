package clone

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/provision/setup"
)

// Config is what a Service works with.
type Config struct {
	Runner *setup.Runner
	// Dir holds the mirrors. It must be the Service's own, private to the
	// server, and on the file system of the Runner's directory.
	Dir string
	// MaxBytes bounds the mirrors on disk; 0 is 10 GiB, less than 0 keeps
	// none.
	MaxBytes int64
	// MinBytes is how large a repository must be, in bytes on disk, to be worth
	// a mirror; 0 is 4 MiB.
	MinBytes int64
	// Limit is how long a clone may take; 0 is 30 minutes.
	Limit time.Duration
	Now   func() time.Time
	Log   *slog.Logger
}

// Service makes clones. It is safe for concurrent use.
type Service struct {
	cfg Config

	mu      sync.Mutex
	mirrors map[string]*mirror
}

// New opens the mirrors in the directory.
func New(c Config) (*Service, error) {
	if c.MaxBytes == 0 {
		c.MaxBytes = 10 << 30
	}
	if c.MinBytes == 0 {
		c.MinBytes = 4 << 20
	}
	if c.Limit == 0 {
		c.Limit = 30 * time.Minute
	}
	s := &Service{cfg: c, mirrors: map[string]*mirror{}}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("mirrors of repositories: %w", err)
	}
	return s, nil
}

// Repository is what is to be cloned.
type Repository struct {
	// URL is https://HOST/OWNER/NAME, or http on a host that the operator
	// allows without TLS, to which no token is sent.
	URL    string
	Branch string // or a tag; "" is the default branch
	Commit string // checked out in place of a branch
	// Credential names the token in the gate's audit.
	Credential string
	// Token looks the token up, for each request anew; nil is none.
	Token func(ctx context.Context) (gate.Secret, error)
}

// Clone makes a clone and gives place the host directory that holds it, to be
// moved to where it belongs. What is in it comes from elsewhere: links in it
// may not be followed. session is for the gate's audit. The error is an *Error
// if it is the repository's, else ctx's, place's or the server's own.
func (s *Service) Clone(ctx context.Context, session string, r Repository, place func(dir string) error) (err error) {
	target, err := parse(r.URL)
	if err != nil {
		return err
	}
	out, err := target.way(r)
	if err != nil {
		return err
	}
	use := s.acquire(r.URL)
	defer s.done(use)
	spec := setup.Spec{For: session, Out: out}
	if use.have {
		spec.Mounts = func(string) ([]hands.Mount, error) {
			return []hands.Mount{{Path: mirrorPath, Source: use.dir, ReadOnly: !use.updates}}, nil
		}
	}
	room, err := s.cfg.Runner.Start(ctx, spec)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, room.Close()) }()
	if err := s.fetch(ctx, room, r, use); err != nil {
		return err
	}
	if err := s.update(ctx, room, use); err != nil {
		return err
	}
	if err := room.Stop(); err != nil {
		return err
	}
	s.keep(room, use)
	return place(filepath.Join(room.Work(), cloneName))
}

//go:embed scripts/clone.sh
var cloneScript string

// Where the clone and the mirror are inside.
const (
	cloneName  = "clone"
	clonePath  = setup.Work + "/" + cloneName
	mirrorPath = "/mnt/mirror"
)

// fetch clones in the setup sandbox, and once more without the mirror if that
// may be what is in the way.
func (s *Service) fetch(ctx context.Context, room *setup.Room, r Repository, use *use) error {
	have := ""
	if use.have {
		have = mirrorPath
	}
	err := s.run(ctx, room, r, have)
	var e *Error
	if have == "" || !errors.As(err, &e) || e.Kind != KindClone || ctx.Err() != nil {
		return err
	}
	if err := s.run(ctx, room, r, ""); err != nil {
		return err
	}
	s.cfg.Log.Warn("a mirror was of no use and is made anew", "repository", r.URL, "reason", e.Message)
	use.bad = true
	return nil
}

func (s *Service) run(ctx context.Context, room *setup.Room, r Repository, mirror string) error {
	res, err := room.Run(ctx, setup.Step{Script: cloneScript, Args: []string{r.URL, clonePath, mirror, r.Branch, r.Commit}, Limit: s.cfg.Limit})
	var stopped *setup.Stopped
	switch {
	case errors.As(err, &stopped):
		return &Error{Kind: KindClone, URL: r.URL, Message: fmt.Sprintf("repository %s: %s: %s", r.URL, what[KindClone], stopped.Why)}
	case err != nil:
		return err
	case res.Code != 0:
		return explain(r, res, s.cfg.Limit)
	}
	return nil
}

// remote is the place of a repository.
type remote struct {
	host   policy.Host
	port   uint16
	secure bool
	path   string
}

func parse(raw string) (remote, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return remote{}, err
	}
	r := remote{secure: u.Scheme == "https", path: u.Path}
	if r.host, err = policy.ParseHost(u.Hostname()); err != nil {
		return r, err
	}
	if u.User != nil || !r.secure && u.Scheme != "http" {
		return r, fmt.Errorf("the repository's URL %s is not http or https without credentials", u.Redacted())
	}
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			return r, err
		}
		r.port = uint16(port)
	}
	return r, nil
}

// injections are the credentials for a repository.
func (r remote) injections(repo Repository) []gate.Injection {
	if repo.Token == nil || !r.secure {
		return nil
	}
	out := gate.GitInjections(repo.Credential, r.host, r.path, repo.Token)
	for i := range out {
		out[i].Port = r.port
	}
	return out
}

// way is the way out of the setup sandbox: to the repository's host and nowhere
// else, with the token if there is one.
func (r remote) way(repo Repository) (out gate.Session, err error) {
	if out.Policy, err = (policy.Limited{AllowedHosts: []string{r.host.String()}}).Policy(); err != nil {
		return out, err
	}
	grants := gate.Grants{Injections: r.injections(repo)}
	if len(grants.Injections) == 0 {
		return out, nil
	}
	out.Secrets = func(context.Context) (gate.Grants, error) { return grants, nil }
	out.CA, err = gate.NewCA()
	return out, err
}

// Injections are the credentials by which a session's own sandbox fetches from
// and pushes to a repository. Under limited networking its policy must allow
// the repository's host besides.
func Injections(r Repository) ([]gate.Injection, error) {
	target, err := parse(r.URL)
	if err != nil {
		return nil, err
	}
	return target.injections(r), nil
}
