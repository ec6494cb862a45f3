package gate

import (
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// relay is what runs in a sandbox: it copies bytes between a TCP port and the
// gate's socket. It returns the proxy's URL.
func (s *setup) relay() string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: s.socket, Net: "unix"})
			if err != nil {
				s.t.Error(errors.Join(err, in.Close()))
				return
			}
			var both sync.WaitGroup
			both.Go(func() { _, _ = io.Copy(out, in); _ = out.CloseWrite() })
			both.Go(func() { _, _ = io.Copy(in, out); _ = in.(*net.TCPConn).CloseWrite() })
			wg.Go(func() { both.Wait(); _, _ = in.Close(), out.Close() })
		}
	})
	s.t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return "http://" + l.Addr().String()
}

// Programs as they run in sandboxes, with proxy variables set and nothing else
// said, reach what is allowed and are told what isn't.
func TestRealClients(t *testing.T) {
	dir := t.TempDir()
	repo := filepath.Join(dir, "repo.git")
	if out, err := exec.Command("git", "init", "-q", "--bare", repo).CombinedOutput(); err != nil {
		t.Skipf("no git here: %s", out)
	}
	if out, err := exec.Command("git", "-C", repo, "update-server-info").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files := http.FileServer(http.Dir(dir))
	secure, plain := httptest.NewTLSServer(files), httptest.NewServer(files)
	t.Cleanup(secure.Close)
	t.Cleanup(plain.Close)
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("it works\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list := names(t, secure.Listener.Addr(), "api.example.com", "no.example.com")
	for h, to := range names(t, plain.Listener.Addr(), "plain.example.com") {
		list[h] = to
	}
	s := start(t, limited(t, "api.example.com", "plain.example.com"), list, nil)
	proxy := s.relay()

	fetch := "import urllib.request as u, sys; sys.stdout.write(u.urlopen(sys.argv[1]).read().decode())"
	for _, c := range []struct {
		name string
		argv []string
		ok   bool
		want string
	}{
		{"curl http", []string{"curl", "-sS", "http://plain.example.com/file"}, true, "it works\n"},
		{"curl https", []string{"curl", "-sS", "https://api.example.com/file"}, true, "it works\n"},
		{"curl http in a tunnel", []string{"curl", "-sS", "-p", "http://plain.example.com/file"}, true, "it works\n"},
		{"curl offers h2c", []string{"curl", "-sS", "--http2", "http://plain.example.com/file"}, true, "it works\n"},
		{"curl HTTP/1.0", []string{"curl", "-sS", "-0", "http://plain.example.com/file"}, true, "it works\n"},
		{"curl upload", []string{"curl", "-sS", "-o", os.DevNull, "-w", "%{http_code}", "-T", "/proc/self/exe", "http://plain.example.com/file"}, true, "200"},
		{"curl refused", []string{"curl", "-sS", "https://no.example.com/file"}, false, "403"},
		{"curl refused http", []string{"curl", "-sS", "http://no.example.com/file"}, true, "not in its allowed_hosts"},
		{"curl fronting", []string{"curl", "-sS", "-H", "Host: no.example.com", "http://plain.example.com/file"}, true, "the Host field names another host"},
		{"git", []string{"git", "ls-remote", "https://api.example.com/repo.git"}, true, ""},
		{"git refused", []string{"git", "ls-remote", "https://no.example.com/repo.git"}, false, "403"},
		{"python http", []string{"python3", "-c", fetch, "http://plain.example.com/file"}, true, "it works\n"},
		{"python https", []string{"python3", "-c", fetch, "https://api.example.com/file"}, true, "it works\n"},
		{"python refused", []string{"python3", "-c", fetch, "https://no.example.com/file"}, false, "403 Forbidden (egress gate: host)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := exec.LookPath(c.argv[0]); err != nil {
				t.Skip(err)
			}
			cmd := exec.CommandContext(t.Context(), c.argv[0], c.argv[1:]...)
			cmd.Env = append(os.Environ(), "http_proxy="+proxy, "https_proxy="+proxy, "HTTPS_PROXY="+proxy, "no_proxy=", "NO_PROXY=",
				"SSL_CERT_FILE="+ca, "CURL_CA_BUNDLE="+ca, "GIT_SSL_CAINFO="+ca, "GIT_TERMINAL_PROMPT=0")
			out, err := cmd.CombinedOutput()
			if (err == nil) != c.ok || !strings.Contains(string(out), c.want) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
