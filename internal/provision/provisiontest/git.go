package provisiontest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
)

// The names of a GitHost: with TLS, and without.
const (
	gitName   = "git.test"
	plainName = "plain-git.test"
)

// GitHost is a git host that wants a token for every repository but those below
// /public/. It is git's own server program.
type GitHost struct {
	dir   string
	https *httptest.Server
	plain *httptest.Server
	pool  *x509.CertPool

	mu     sync.Mutex
	tokens map[string]string // token to the prefix of paths that it opens
	served int64             // bytes of answers
	denied int
}

// NewGitHost starts a git host.
func NewGitHost(t testing.TB) *GitHost {
	t.Helper()
	path, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Skipf("no git: %v", err)
	}
	backend := filepath.Join(strings.TrimSpace(string(path)), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		t.Skipf("no git server: %v", err)
	}
	h := &GitHost{dir: t.TempDir(), tokens: map[string]string{}}
	cert := h.certificate(t)
	handler := &cgi.Handler{Path: backend, Stderr: io.Discard, Env: []string{
		"GIT_PROJECT_ROOT=" + h.dir, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=tester", "HOME=" + h.dir,
		"GIT_CONFIG_COUNT=3", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*", "GIT_CONFIG_KEY_1=http.receivepack",
		"GIT_CONFIG_VALUE_1=true", "GIT_CONFIG_KEY_2=uploadpack.allowAnySHA1InWant", "GIT_CONFIG_VALUE_2=true",
	}}
	front := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.admit(w, r) {
			handler.ServeHTTP(&counted{w, h}, r)
		}
	})
	h.plain, h.https = httptest.NewServer(front), httptest.NewUnstartedServer(front)
	h.https.Config.ErrorLog = log.New(io.Discard, "", 0) // the gate looks whether somebody is there
	h.https.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	h.https.StartTLS()
	t.Cleanup(h.plain.Close)
	t.Cleanup(h.https.Close)
	return h
}

// Trust makes the host's certificate good for a gate.
func (h *GitHost) Trust(c *gate.Config) { c.Roots = h.pool }

// Join makes the host's names known to a gate.
func (h *GitHost) Join(t testing.TB, r *Rig) {
	t.Helper()
	r.Name(t, gitName, h.https.Listener.Addr().String())
	r.Name(t, plainName, h.plain.Listener.Addr().String())
}

// Names are the host's names and addresses, as an operator writes them down.
func (h *GitHost) Names() string {
	return gitName + "=" + h.https.Listener.Addr().String() + "," + plainName + "=" + h.plain.Listener.Addr().String()
}

// PEM is the host's certificate, which is its own authority.
func (h *GitHost) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.https.Certificate().Raw})
}

// PlainURL is that of a repository, OWNER/NAME, without TLS.
func (h *GitHost) PlainURL(repository string) string { return "http://" + plainName + "/" + repository }

// URL is that of a repository, OWNER/NAME.
func (h *GitHost) URL(repository string) string { return "https://" + gitName + "/" + repository }

// Dir is the directory of a repository of the host.
func (h *GitHost) Dir(repository string) string { return filepath.Join(h.dir, repository) }

// Allow makes a token good for the repositories whose path begins with prefix,
// or with "" for none. A prefix of "403" is refused as a host does that knows
// the token.
func (h *GitHost) Allow(token, prefix string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens[token] = prefix
}

// Served is how many bytes of answers have been given out.
func (h *GitHost) Served() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.served
}

// Denied is how many requests were refused.
func (h *GitHost) Denied() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.denied
}

func (h *GitHost) admit(w http.ResponseWriter, r *http.Request) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/")
	if strings.HasPrefix(path, "public/") {
		return true
	}
	user, token, ok := r.BasicAuth()
	prefix, known := h.tokens[token]
	switch {
	case !ok || user != "x-access-token" || !known || prefix == "":
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		w.WriteHeader(http.StatusUnauthorized)
	case prefix == "403":
		w.WriteHeader(http.StatusForbidden)
	case !strings.HasPrefix(path, prefix):
		w.WriteHeader(http.StatusNotFound)
	default:
		return true
	}
	h.denied++
	return false
}

type counted struct {
	http.ResponseWriter
	h *GitHost
}

func (c *counted) Write(b []byte) (int, error) {
	c.h.mu.Lock()
	c.h.served += int64(len(b))
	c.h.mu.Unlock()
	return c.ResponseWriter.Write(b)
}

// Git runs git in a repository of the host, OWNER/NAME, which is made if it
// isn't there, and returns what it prints.
func (h *GitHost) Git(t testing.TB, repository string, args ...string) string {
	t.Helper()
	dir := h.Dir(repository)
	if _, err := os.Stat(dir); err != nil {
		run(t, "/", "git", "init", "-q", "--bare", "-b", "main", dir)
	}
	return run(t, dir, "git", args...)
}

// Commit adds a commit with files to a branch of a repository of the host and
// returns its id. Names are in the form path=content.
func (h *GitHost) Commit(t testing.TB, repository, branch string, files ...string) string {
	t.Helper()
	h.Git(t, repository, "rev-parse", "--git-dir") // makes it
	work := t.TempDir()
	run(t, work, "git", "clone", "-q", h.Dir(repository), "w")
	work = filepath.Join(work, "w")
	if h.has(t, repository, branch) {
		run(t, work, "git", "checkout", "-q", branch)
	} else {
		run(t, work, "git", "checkout", "-q", "-b", branch)
	}
	for _, f := range files {
		path, content, _ := strings.Cut(f, "=")
		full := filepath.Join(work, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, work, "git", "add", "-A")
	run(t, work, "git", "commit", "-q", "--allow-empty", "-m", "commit")
	run(t, work, "git", "push", "-q", "origin", branch)
	return strings.TrimSpace(run(t, work, "git", "rev-parse", "HEAD"))
}

func (h *GitHost) has(t testing.TB, repository, branch string) bool {
	return strings.TrimSpace(h.Git(t, repository, "branch", "--list", branch)) != ""
}

func run(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@test",
		"GIT_COMMITTER_NAME=c", "GIT_COMMITTER_EMAIL=c@test"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// certificate makes the host's own, which is its own authority.
func (h *GitHost) certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: gitName}, DNSNames: []string{gitName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	h.pool = x509.NewCertPool()
	h.pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}
