package handstest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

// testEnvironment holds the programs inside to a clean environment.
func testEnvironment(t *testing.T, s *suite) {
	user, id := "root", 0
	if d, ok := s.driver.(interface{ User() (string, int) }); ok {
		user, id = d.User() // where root inside would be root
	}
	b := s.start(t, func(spec *hands.Spec) { spec.Env = map[string]string{"GIVEN": "a b", "PATH": "/opt/x:/usr/bin:/bin"} })
	got := map[string]string{}
	for line := range strings.Lines(b.bash("env")) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		got[name] = value
	}
	for name, want := range map[string]string{
		"GIVEN": "a b", "PATH": "/opt/x:/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "PWD": "/workspace",
		"USER": user, "SHELL": "/bin/bash", "PAGER": "cat", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0",
		"DEBIAN_FRONTEND": "noninteractive", "PIP_BREAK_SYSTEM_PACKAGES": "1", "PIP_ROOT_USER_ACTION": "ignore",
		// From the reference worker's shell, and bash itself.
		"PS1": "", "PS2": "", "TERM": "dumb", "HISTFILE": "", "SHLVL": "1", "_": got["_"],
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s=%q, want %q", name, value, want)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("more in the environment: %v", got)
	}
	b.check([]toolCase{
		{"bash", args{"command": "id -u; whoami; hostname; umask; ulimit -c"}, fmt.Sprintf("%d\n%s\nsandbox\n0022\n0\n\n", id, user), false},
	})
}

// testPrograms holds what the host has installed to working inside.
func testPrograms(t *testing.T, s *suite) {
	b := s.start(t)
	for _, c := range []struct{ needs, command, want string }{
		{"python3", `python3 -c 'import ssl, json, sys; print(json.dumps(sum(range(10))))'`, "45\n"},
		{"git", `git init -q r && cd r && git -c user.name=n -c user.email=e commit -q --allow-empty -m first && git log --format=%s; cd ..`, "first\n"},
		{"perl", `perl -MPOSIX -e 'print floor(3.7), "\n"'`, "3\n"},
		{"sed", `printf 'b\na\n' | sort | sed s/a/A/ | awk '{print NR, $1}' | tr '\n' ' '`, "1 A 2 b "},
		{"tar", `mkdir d && echo x > d/f && tar czf d.tgz d && tar xzOf d.tgz d/f`, "x\n"},
	} {
		if !hostHas(c.needs) {
			t.Logf("the host has no %s", c.needs)
			continue
		}
		if got := b.bash(c.command); got != c.want {
			t.Errorf("%s: %q, want %q", c.command, got, c.want)
		}
	}
	// Programs may write where packages go; the host doesn't see it.
	b.bash("mkdir -p /usr/local/x 2>/dev/null; echo x > /root/f; echo x > /home/f; echo x > /opt/f; mkdir /data; ls /data")
}

func hostHas(program string) bool {
	for _, dir := range []string{"/usr/bin", "/bin"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err == nil {
			return true
		}
	}
	return false
}

// testNetwork holds a sandbox without a gate to having no network.
func testNetwork(t *testing.T, s *suite) {
	b := s.start(t)
	if got := b.try("interfaces"); got != "lo\nok" {
		t.Errorf("interfaces: %q", got)
	}
	for _, address := range hostAddresses(t) {
		if got := b.try("dial", "tcp", address); got == "ok" {
			t.Errorf("connected to %s", address)
		}
	}
	if got := b.try("dial", "tcp", "127.0.0.1:3128"); !strings.Contains(got, "refused") {
		t.Errorf("relay without a gate: %s", got)
	}
	if got := b.bash("env | grep -ic proxy; true"); got != "0\n" {
		t.Errorf("%s proxy variables without a gate", strings.TrimSpace(got))
	}
}

// hostAddresses are listening TCP addresses on every address of the host, and
// one of the world.
func hostAddresses(t *testing.T) []string {
	t.Helper()
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	addresses := []string{"1.1.1.1:80"}
	for _, a := range all {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLinkLocalUnicast() {
			addresses = append(addresses, net.JoinHostPort(ip.IP.String(), port))
		}
	}
	return addresses
}

// testGate holds the relay to reaching the gate, and only that.
func testGate(t *testing.T, s *suite) {
	dir := t.TempDir()
	socket := shortSocket(t)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	gate := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			tunnel(t, w)
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Method+" "+r.URL.String()+" "+string(body))
	})}
	go func() { _ = gate.Serve(listener) }()
	t.Cleanup(func() { _ = gate.Close() })

	b := s.start(t, func(spec *hands.Spec) { spec.Dir, spec.GateSocket = dir, socket })
	b.check([]toolCase{
		{"bash", args{"command": "echo $http_proxy $HTTPS_PROXY $no_proxy"}, "http://127.0.0.1:3128 http://127.0.0.1:3128 localhost,127.0.0.1,::1\n\n", false},
		{"bash", args{"command": `exec 3<>/dev/tcp/127.0.0.1/3128; printf 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\nhello' >&3; cat <&3 | tail -n 1; exec 3>&-`}, "HELLO\n", false},
	})
	if hostHas("curl") {
		b.check([]toolCase{{"bash", args{"command": "curl -sS -d body http://example.com/a?b"}, "POST http://example.com/a?b body\n", false}})
	}
	if hostHas("python3") {
		b.check([]toolCase{{"bash", args{"command": `python3 -c 'import urllib.request as u; print(u.urlopen("http://example.com/p").read().decode())'`}, "GET http://example.com/p \n\n", false}})
	}
	// The gate is an address inside, not a way to the host's sockets.
	for _, address := range hostAddresses(t) {
		if got := b.try("dial", "tcp", address); got == "ok" {
			t.Errorf("connected to %s", address)
		}
	}
	if got := b.try("interfaces"); got != "lo\nok" {
		t.Errorf("interfaces: %q", got)
	}
}

// tunnel answers a CONNECT with "HELLO" to "hello".
func tunnel(t *testing.T, w http.ResponseWriter) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	word := make([]byte, 5)
	if _, err := io.ReadFull(rw, word); err == nil {
		_, _ = io.WriteString(conn, strings.ToUpper(string(word)))
	}
}

// shortSocket is a path that fits the address of a unix socket.
func shortSocket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "g.sock")
}
