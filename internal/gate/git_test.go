package gate

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// gitServer is git's own server (http-backend) behind https, with two
// repositories that each want a token.
type gitServer struct {
	*httptest.Server
	root    string
	allowed atomic.Int64 // requests with the right token
	refused atomic.Int64
	chunked atomic.Bool // one had a body of unknown length
}

const gitToken = "ghp_the-right-one"

func startGit(t *testing.T) *gitServer {
	t.Helper()
	path, err := exec.Command("git", "--exec-path").Output()
	backend := filepath.Join(strings.TrimSpace(string(path)), "git-http-backend")
	if err == nil {
		_, err = os.Stat(backend)
	}
	if err != nil {
		t.Skipf("no git server here: %v", err)
	}
	g := &gitServer{root: t.TempDir()}
	for _, repo := range []string{"owner/repo.git", "owner/other.git"} {
		git(t, "", nil, "init", "-q", "--bare", "-b", "main", filepath.Join(g.root, repo))
		git(t, filepath.Join(g.root, repo), nil, "config", "http.receivepack", "true")
	}
	handler := &cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + g.root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=somebody"}}
	g.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, token, ok := r.BasicAuth(); !ok || user != "x-access-token" || token != gitToken {
			g.refused.Add(1)
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		g.allowed.Add(1)
		body, err := io.ReadAll(r.Body) // CGI needs to know its length
		if err != nil {
			t.Error(err)
		}
		g.chunked.Store(g.chunked.Load() || r.ContentLength < 0)
		r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

// git runs git with nothing of this machine's own configuration.
func git(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	out, err := tryGit(t, dir, env, args...)
	if err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return out
}

func tryGit(t *testing.T, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=n", "GIT_AUTHOR_EMAIL=n@e", "GIT_COMMITTER_NAME=n", "GIT_COMMITTER_EMAIL=n@e",
	}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// git clones, fetches and pushes through the gate without any credential of its
// own; the host sees the token, for the one repository it was given for.
func TestGit(t *testing.T) {
	server := startGit(t)
	list := names(t, server.Listener.Addr(), "git.example.com")
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	ca := newTestCA(t)
	token := gitToken
	s := startSession(t, Session{
		ID: "sesn_test", Policy: limited(t, "git.example.com"), CA: ca,
		Secrets: func(context.Context) (Grants, error) {
			return Grants{Injections: GitInjections("vcrd_git", parseHost(t, "git.example.com"), "owner/repo", value(token))}, nil
		},
	}, list, func(c *Config) { c.Roots = roots })
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"https_proxy=" + s.relay(), "GIT_SSL_CAINFO=" + caFile}
	work := t.TempDir()

	git(t, work, env, "clone", "-q", "https://git.example.com/owner/repo.git", "one")
	one := filepath.Join(work, "one")
	// More than http.postBuffer, so that it is pushed in chunks.
	large := make([]byte, 3<<20)
	_, _ = rand.Read(large) // never fails
	if err := os.WriteFile(filepath.Join(one, "large"), large, 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, one, env, "add", "large")
	git(t, one, env, "commit", "-q", "-m", "first")
	git(t, one, env, "push", "-q", "origin", "HEAD:main")

	git(t, work, env, "clone", "-q", "https://git.example.com/owner/repo", "two") // by its other name
	two := filepath.Join(work, "two")
	if got := git(t, two, env, "log", "--format=%s"); got != "first\n" {
		t.Errorf("the clone has %q", got)
	}
	git(t, two, env, "commit", "-q", "--allow-empty", "-m", "second")
	git(t, two, env, "push", "-q", "origin", "HEAD:main")
	git(t, one, env, "fetch", "-q", "origin")
	if got := git(t, one, env, "log", "--format=%s", "origin/main"); got != "second\nfirst\n" {
		t.Errorf("fetched %q", got)
	}
	if config, err := os.ReadFile(filepath.Join(one, ".git", "config")); err != nil || strings.Contains(string(config), "token") {
		t.Errorf("the sandbox's config: %s, %v", config, err)
	}
	if server.allowed.Load() < 8 || server.refused.Load() != 0 || !server.chunked.Load() {
		t.Errorf("%d requests with the token, %d without", server.allowed.Load(), server.refused.Load())
	}

	// Another repository of the same owner is not covered by the token.
	if out, err := tryGit(t, work, env, "clone", "-q", "https://git.example.com/owner/other.git"); err == nil || !strings.Contains(out, "terminal prompts disabled") {
		t.Errorf("another repository: %v, %s", err, out)
	}
	// The agent's own credential is not overridden, and a wrong token is refused.
	if out, err := tryGit(t, work, env, "-c", "http.extraHeader=Authorization: Basic eDp5", "ls-remote", "https://git.example.com/owner/repo"); err == nil {
		t.Errorf("with another credential: %s", out)
	}
	token = "revoked"
	if out, err := tryGit(t, one, env, "fetch"); err == nil {
		t.Errorf("with a revoked token: %s", out)
	}
	if server.refused.Load() == 0 {
		t.Error("nothing was refused")
	}
	for len(s.told) > 0 {
		if r := s.record(); r.Verdict != Allowed {
			t.Errorf("record %+v", r)
		}
	}
}
