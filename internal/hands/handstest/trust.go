package handstest

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

const (
	trustValue = "the-value-itself"
	trustToken = "the-git-token"
)

// testTrust holds programs inside to trusting the gate with the TLS of hosts
// that a credential is for, and to being none the wiser: what they have is a
// placeholder, what the host gets is the value.
func testTrust(t *testing.T, s *suite) {
	server := httptest.NewUnstartedServer(trustHandler(t))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that trust nobody
	server.StartTLS()
	t.Cleanup(server.Close)
	placeholder := gate.NewPlaceholder()
	b := s.startTrust(t, server, placeholder)

	for _, c := range []struct{ needs, command string }{
		{"curl", `curl -sS -H "X-Key: $KEY" https://api.example.com/key`},
		{"curl", `curl -sS -u "me:$KEY" https://api.example.com/basic`},
		{"curl", `curl -sS -d "$KEY" https://api.example.com/body`},
		{"curl", `env -i https_proxy=$https_proxy /usr/bin/curl -sS -H "X-Key: $KEY" https://api.example.com/key`},
		{"wget", `wget -q -O - --header="X-Key: $KEY" https://api.example.com/key`},
		{"python3", `python3 -c 'import os, urllib.request as u
print(u.urlopen(u.Request("https://api.example.com/key", headers={"X-Key": os.environ["KEY"]})).read().decode(), end="")'`},
		{"python3", `python3 -c 'import os
try: import requests
except ImportError: print("ok", end="")
else: print(requests.get("https://api.example.com/key", headers={"X-Key": os.environ["KEY"]}).text, end="")'`},
		{"node", `node -e '
const http = require("http"), https = require("https"), proxy = new URL(process.env.https_proxy), to = "api.example.com:443";
http.request({host: proxy.hostname, port: proxy.port, method: "CONNECT", path: to, headers: {host: to}}).on("connect", (_, socket) =>
  https.get("https://api.example.com/key", {socket, agent: false, headers: {"X-Key": process.env.KEY}}, res => res.pipe(process.stdout))
    .on("error", e => { console.error(e); process.exit(1) })).end()'`},
		{"perl", `perl -e 'eval { require LWP::UserAgent; require LWP::Protocol::https } or print("ok"), exit;
my $ua = LWP::UserAgent->new; $ua->env_proxy; print $ua->get("https://api.example.com/key", "X-Key" => $ENV{KEY})->decoded_content'`},
	} {
		if !hostHas(c.needs) {
			t.Logf("the host has no %s", c.needs)
			continue
		}
		if got := strings.TrimSuffix(b.bash(c.command), "\n"); got != "ok" {
			t.Errorf("%s: %q", c.command, got)
		}
	}
	// The authorities of the system are still trusted: one more is, that's all.
	if got := b.bash(`system=/etc/ssl/certs/ca-certificates.crt; cmp $SSL_CERT_FILE $system && grep -c BEGIN $system`); got != fmt.Sprintln(countCertificates(t)+1) && hasBundle() {
		t.Errorf("inside there are %s", got)
	}
	if hostHas("curl") {
		// A host that no credential is for keeps its own TLS, which nothing
		// inside trusts here.
		got, isErr := b.call("bash", args{"command": "curl -sS https://other.example.com/key"})
		if !isErr || !strings.Contains(got, "SSL certificate problem") {
			t.Errorf("another host: %s", got)
		}
	}
	if got := b.bash("env; grep PRIVATE /run/ostler/trust/*; true"); strings.Contains(got, trustValue) || strings.Contains(got, "PRIVATE") ||
		!strings.Contains(got, "KEY="+placeholder) {
		t.Errorf("inside there is %s", got)
	}
	testTrustGit(t, b)
	testTrustRootfs(t, s)
}

// testTrustRootfs holds a root file system directory that trusts nobody to
// trusting the CA, and to being left as it is.
func testTrustRootfs(t *testing.T, s *suite) {
	root := tinySystem(t)
	d, err := s.newOne(t.TempDir(), root)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := gate.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	b := (&suite{driver: d}).start(t, func(spec *hands.Spec) { spec.TrustedCA = ca.PEM() })
	b.check([]toolCase{{"bash", args{"command": `all=$(< $SSL_CERT_FILE) one=$(< $NODE_EXTRA_CA_CERTS)
[[ $all == *"$one" && $all == "$(< /etc/ssl/certs/ca-certificates.crt)" ]] && echo "${one:0:27}"`}, "-----BEGIN CERTIFICATE-----\n\n", false}})
	if _, err := os.Stat(filepath.Join(root, "etc/ssl")); err == nil {
		t.Error("the root file system was changed")
	}
}

// testTrustGit holds git inside to cloning and pushing with a token that isn't
// there.
func testTrustGit(t *testing.T, b box) {
	if gitBackend() == "" || !hostHas("git") {
		t.Log("the host has no git server")
		return
	}
	got := b.bash(`git clone -q https://api.example.com/git/repo.git 2>&1 && cd repo && git -c user.name=n -c user.email=e commit -q --allow-empty -m pushed &&
git push -q origin HEAD:main 2>&1 && git ls-remote origin main | wc -l; cd ..`)
	if !strings.HasSuffix(got, "1\n") {
		t.Errorf("git: %s", got)
	}
	got, isErr := b.call("bash", args{"command": "git clone -q https://api.example.com/git/other.git"})
	if !isErr || !strings.Contains(got, "terminal prompts disabled") {
		t.Errorf("a repository that the token isn't for: %s", got)
	}
}

// startTrust starts a sandbox behind a gate with a credential for the server.
func (s *suite) startTrust(t *testing.T, server *httptest.Server, placeholder string) box {
	ca, err := gate.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	to, ok := server.Listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal("no TCP")
	}
	host, err := policy.ParseHost("api.example.com")
	if err != nil {
		t.Fatal(err)
	}
	other, err := policy.ParseHost("other.example.com")
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := policy.Limited{AllowedHosts: []string{host.String()}}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	value := func(text string) func(context.Context) (gate.Secret, error) {
		return func(context.Context) (gate.Secret, error) { return gate.NewSecret(text), nil }
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	out := gate.New(gate.Config{
		Dialer: &dial.Dialer{Names: dial.Names{host: to.AddrPort(), other: to.AddrPort()}},
		Roots:  roots,
	})
	t.Cleanup(func() { _ = out.Close() })
	socket := shortSocket(t)
	_, err = out.Open(socket, gate.Session{
		ID: "sesn_trust", Policy: policy.Unrestricted(), CA: ca,
		Secrets: func(context.Context) (gate.Grants, error) {
			return gate.Grants{
				Substitutions: []gate.Substitution{{
					CredentialID: "vcrd_1", Placeholder: placeholder, Hosts: hosts, Header: true, Body: true, Value: value(trustValue),
				}},
				Injections: gate.GitInjections("vcrd_2", host, "git/repo", value(trustToken)),
			}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.start(t, func(spec *hands.Spec) {
		spec.GateSocket, spec.TrustedCA = socket, ca.PEM()
		spec.Env = map[string]string{"KEY": placeholder}
	})
}

// trustHandler answers "ok" to who shows the value, and is a git server for who
// shows the token.
func trustHandler(t *testing.T) http.Handler {
	root := t.TempDir()
	if backend := gitBackend(); backend != "" {
		for _, repo := range []string{"git/repo.git", "git/other.git"} {
			for _, arguments := range [][]string{
				{"init", "-q", "--bare", "-b", "main", filepath.Join(root, repo)},
				{"-C", filepath.Join(root, repo), "config", "http.receivepack", "true"},
			} {
				if out, err := exec.CommandContext(t.Context(), "git", arguments...).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
		}
	}
	git := &cgi.Handler{Path: gitBackend(), Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=somebody"}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client left
		}
		_, password, _ := r.BasicAuth()
		switch {
		case strings.HasPrefix(r.URL.Path, "/git/") && password == trustToken:
			r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
			git.ServeHTTP(w, r)
		case r.Header.Get("X-Key") == trustValue, r.URL.Path == "/basic" && password == trustValue, string(body) == trustValue:
			_, _ = io.WriteString(w, "ok")
		default:
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, fmt.Sprintf("%s %v %q", r.URL, r.Header, body), http.StatusUnauthorized)
		}
	})
}

// gitBackend is git's own server as a CGI program, or "".
func gitBackend() string {
	dir, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		return ""
	}
	path := filepath.Join(strings.TrimSpace(string(dir)), "git-http-backend")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

const hostBundle = "/etc/ssl/certs/ca-certificates.crt"

func hasBundle() bool {
	_, err := os.Stat(hostBundle)
	return err == nil
}

func countCertificates(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(hostBundle)
	if err != nil {
		t.Log(err)
	}
	return bytes.Count(text, []byte("BEGIN"))
}
