package handstest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

// netCase is a command inside and what must come of it.
type netCase struct {
	name    string
	needs   string // program; "" is none
	command string
	want    string // a part of what it prints
	fails   bool
}

// testTransparent holds every program inside to reaching what the policy
// allows, through the gate and without knowing of it, and nothing else.
func testTransparent(t *testing.T, s *suite) {
	w := newWorld(t)
	limited := worldPolicy(t)
	if why := hands.Transparent(s.driver); why != nil {
		testFallback(t, w.enter(t, s, limited))
		t.Skip("there are no network interfaces here: ", why)
	}
	t.Run("life", func(t *testing.T) { testInterface(t, s) })
	t.Run("limited", func(t *testing.T) {
		b := w.enter(t, s, limited)
		runNetCases(t, b, allowedCases)
		runNetCases(t, b, limitedCases)
		for _, address := range hostAddresses(t) {
			if got := b.try("dial", "tcp", address); got == "ok" {
				t.Errorf("connected to %s", address)
			}
		}
		for _, want := range []gate.Record{
			{Kind: gate.KindFlow, Host: "web.example.com", Port: 80, Verdict: gate.Allowed},
			{Kind: gate.KindRequest, Host: "web.example.com", Port: 80, Verdict: gate.Allowed},
			{Kind: gate.KindFlow, Host: "tls.example.com", Port: 443, Verdict: gate.Allowed},
			{Kind: gate.KindFlow, Host: "tls.example.com", Port: 443, Verdict: gate.Refused, Reason: gate.ReasonServerName},
			{Kind: gate.KindFlow, Host: "2001:db8::7", Port: 80, Verdict: gate.Allowed},
			{Kind: gate.KindFlow, Host: "198.51.100.1", Port: 80, Verdict: gate.Refused, Reason: gate.ReasonHost},
			{Kind: gate.KindFlow, Host: "web.example.com", Port: 22, Verdict: gate.Refused, Reason: gate.ReasonPort},
			{Kind: gate.KindFlow, Host: "echo.test", Port: 2222, Verdict: gate.Refused, Reason: gate.ReasonProtocol},
			{Kind: gate.KindFlow, Host: "rebind.test", Port: 80, Verdict: gate.Refused, Reason: gate.ReasonPrivate},
			{Kind: gate.KindFlow, Host: "gone.test", Port: 80, Verdict: gate.Failed, Reason: gate.ReasonResolve},
			{Kind: gate.KindLookup, Host: "evil.test", Verdict: gate.Refused, Reason: gate.ReasonHost},
		} {
			if !w.recorded(want) {
				t.Errorf("not on record: %+v", want)
			}
		}
	})
	t.Run("unrestricted", func(t *testing.T) {
		b := w.enter(t, s, policy.Unrestricted())
		runNetCases(t, b, unrestrictedCases)
		for _, address := range hostAddresses(t)[1:] { // the first is the world's
			if got := b.try("dial", "tcp", address); got == "ok" {
				t.Errorf("connected to %s", address)
			}
		}
	})
}

// worldPolicy lets a sandbox to some of the world's hosts.
func worldPolicy(t *testing.T) policy.Policy {
	t.Helper()
	p, err := policy.Limited{AllowedHosts: []string{
		"web.example.com", "tls.example.com", "key.example.com", "*.wild.test", "rebind.test", "gone.test", "echo.test", "192.0.2.7", "2001:db8::7",
	}}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// testInterface holds the driver to what it promises of Spec.Network.
func testInterface(t *testing.T, s *suite) {
	closed := make(chan struct{})
	var asked int
	b := s.start(t, func(spec *hands.Spec) {
		spec.Network = func(packets *os.File) (io.Closer, error) {
			asked++
			return closer(func() error { close(closed); return packets.Close() }), nil
		}
	})
	if asked != 1 {
		t.Errorf("the network was asked for %d times", asked)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	select {
	case <-closed:
	default:
		t.Error("the sandbox is gone, and its network isn't closed")
	}
	refusal := errors.New("no network today")
	_, err := s.driver.Start(t.Context(), hands.Spec{ID: newID(), Dir: t.TempDir(), Network: func(packets *os.File) (io.Closer, error) {
		return nil, errors.Join(refusal, packets.Close())
	}})
	if !errors.Is(err, refusal) {
		t.Errorf("a network that can't be had: %v", err)
	}
}

type closer func() error

func (c closer) Close() error { return c() }

func runNetCases(t *testing.T, b box, cases []netCase) {
	t.Helper()
	for _, c := range cases {
		if c.needs != "" && !hostHas(c.needs) {
			t.Logf("%s: the host has no %s", c.name, c.needs)
			continue
		}
		got, isErr := b.call("bash", args{"command": c.command})
		if isErr != c.fails || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s\n%s(error %v), want %q (error %v)", c.name, c.command, got, isErr, c.want, c.fails)
		}
	}
}

// RunWithoutDevice holds a driver that needs the device for network interfaces
// to saying so where there is none, and to going on with the proxy.
func RunWithoutDevice(t *testing.T, driver New) {
	if os.Geteuid() == 0 {
		asUser(t, hideDevice)
		return
	}
	NeedNamespaces(t)
	d, err := driver(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Probe(t.Context(), t.TempDir()); err != nil {
		t.Fatal("Probe:", err)
	}
	why := hands.Transparent(d)
	if why == nil {
		t.Skip("there is a device")
	}
	if !strings.Contains(why.Error(), "TUN") && !strings.Contains(why.Error(), tunDevice) {
		t.Errorf("why not: %v", why)
	}
	testFallback(t, newWorld(t).enter(t, &suite{driver: d}, worldPolicy(t)))
}

// inNet is the shell command for a program of ours inside.
func inNet(name string, arguments ...string) string {
	return "(" + insideCommand(name, arguments...) + ")"
}

// allowedCases hold wherever the policy allows the hosts.
var allowedCases = []netCase{
	{"no proxy", "", "env | grep -ci _proxy", "0\n", true},
	{"interface", "", inNet("interfaces"), "lo\neth0\nok", false},
	{"curl", "curl", "curl -sS http://web.example.com/", "hello web.example.com\n", false},
	{"curl with TLS", "curl", "curl -sS https://tls.example.com/", "hello tls.example.com\n", false},
	{"curl without a name", "curl", "curl -sS http://192.0.2.7/", "hello 192.0.2.7\n", false},
	{"curl over IPv6", "curl", "curl -sSg 'http://[2001:db8::7]/'", "hello [2001:db8::7]\n", false},
	{"curl below a wildcard", "curl", "curl -sS http://a.wild.test/", "hello a.wild.test\n", false},
	{"curl to another port", "curl", "curl -sS http://web.example.com:8080/", "hello web.example.com:8080\n", false},
	{"upload", "curl", "head -c 20000000 /dev/zero | curl -sS -T - http://web.example.com/count", "20000000\n", false},
	{"download", "curl", "curl -sS 'http://web.example.com/big?n=20000000' | wc -c", "20000000\n", false},
	{"wget", "wget", "wget -qO - http://web.example.com/", "hello web.example.com\n", false},
	{"wget with TLS", "wget", "wget -qO - https://tls.example.com/", "hello tls.example.com\n", false},
	{"python", "python3", `python3 -c 'import urllib.request as u; print(u.urlopen("https://tls.example.com/").read())'`, "hello tls.example.com", false},
	{"node", "node", `node -e 'fetch("https://tls.example.com/").then(r => r.text()).then(console.log)'`, "hello tls.example.com\n", false},
	{"perl", "perl", `perl -MIO::Socket -e '$s = IO::Socket::INET->new("web.example.com:80") or die $!; print $s "GET / HTTP/1.0\r\nHost: web.example.com\r\n\r\n"; print <$s>'`, "hello web.example.com\n", false},
	{"git", "git", "git clone -q http://web.example.com/packages/git/r cloned && git -C cloned log --format=%s", "cloned\n", false},
	{"pip", "pip3", "python3 -m pip install -q --target /tmp/pip --no-deps --index-url http://web.example.com/packages/pip --trusted-host web.example.com ostler-try && PYTHONPATH=/tmp/pip python3 -m ostler_try", "installed\n", false},
	{"npm", "npm", "mkdir -p /tmp/npm && cd /tmp/npm && npm install --silent --no-audit --no-fund --registry http://web.example.com/packages/npm ostler-try && node node_modules/ostler-try/index.js; cd /workspace", "installed\n", false},
	{"bash", "", `exec 3<>/dev/tcp/web.example.com/80; printf 'GET / HTTP/1.0\r\nHost: web.example.com\r\n\r\n' >&3; cat <&3; exec 3>&-`, "hello web.example.com\n", false},
	{"DNS over UDP", "", inNet("lookup", "udp", "web.example.com"), "198.1", false},
	{"DNS over TCP", "", inNet("lookup", "tcp", "web.example.com"), "198.1", false},
	{"loopback stays inside", "curl", "python3 -m http.server --bind 127.0.0.1 8000 2>/dev/null & for i in {1..100}; do curl -sf http://localhost:8000/ > /tmp/l && break; sleep 0.1; done; kill %1; grep -c Directory /tmp/l", "2\n", false},
	{"credential", "curl", `curl -sS -H "X-Key: $KEY" https://key.example.com/key`, "true\n", false},
	{"credential elsewhere", "curl", `curl -sS -H "X-Key: $KEY" https://tls.example.com/key`, "false\n", false},
}

const (
	tlsAddress = `$(getent ahostsv4 tls.example.com | head -n 1 | cut -d ' ' -f 1)`
	webAddress = `$(getent ahostsv4 web.example.com | head -n 1 | cut -d ' ' -f 1)`
)

// limitedCases must not get through.
var limitedCases = []netCase{
	{"another name", "curl", "curl -sS http://evil.test/", "Could not resolve host: evil.test", true},
	{"another name over UDP", "", inNet("lookup", "udp", "evil.test"), "RCodeNameError", true},
	{"another name over TCP", "", inNet("lookup", "tcp", "evil.test"), "RCodeNameError", true},
	{"above a wildcard", "curl", "curl -sS http://wild.test/", "Could not resolve host", true},
	{"an address", "curl", "curl -sS http://198.51.100.1/", "Failed to connect", true},
	{"an IPv6 address", "curl", "curl -sSg 'http://[2001:db8::8]/'", "Failed to connect", true},
	{"an address of no name", "curl", "curl -sS http://198.19.255.1/", "Failed to connect", true},
	{"the gateway", "curl", "curl -sS http://198.18.0.1/", "Failed to connect", true},
	{"cloud metadata", "curl", "curl -sS http://169.254.169.254/", "Failed to connect", true},
	{"a private name", "curl", "curl -sS http://rebind.test/", "Failed to connect", true},
	{"a name that doesn't exist", "curl", "curl -sS http://gone.test/", "Failed to connect", true},
	{"a port", "curl", "curl -sS http://web.example.com:22/", "Failed to connect", true},
	{"a forged server name", "curl", "curl -sS --resolve other.example.com:443:" + tlsAddress + " https://other.example.com/", "alert", true},
	{"a forged Host", "curl", "curl -sS -H 'Host: evil.test' http://web.example.com/", "names another host", false},
	{"a forged Host, later", "curl", "curl -sS http://web.example.com/ -H 'Host: web.example.com' --next -sS -H 'Host: evil.test' http://web.example.com/", "names another host", false},
	{"a name for another's address", "curl", "curl -sS --resolve evil.test:80:" + webAddress + " http://evil.test/", "names another host", false},
	{"a redirect", "curl", "curl -sSL 'http://web.example.com/redirect?to=http://evil.test/'", "Could not resolve host: evil.test", true},
	{"a redirect to an address", "curl", "curl -sSL 'http://web.example.com/redirect?to=http://198.51.100.1/'", "Failed to connect", true},
	{"a host as a proxy", "curl", "curl -sS -x http://web.example.com:80 http://evil.test/", "the tunnel is for web.example.com:80", false},
	{"CONNECT to a port through a host", "curl", "curl -sS -x http://web.example.com:80 http://tls.example.com:22/ -p", "400", true},
	{"CONNECT through a host", "curl", "curl -sS -x http://web.example.com:80 https://evil.test/", "400", true},
	{"another protocol", "", "exec 3<>/dev/tcp/echo.test/2222; echo SSH-2.0-x >&3; cat <&3; exec 3>&-; echo nothing", "nothing", false},
	{"QUIC", "", inNet("packet", "web.example.com:443"), "refused", true},
	{"another name server", "", inNet("packet", "8.8.8.8:53"), "refused", true},
	{"UDP over IPv6", "", inNet("packet", "'[2001:db8::7]:443'"), "refused", true},
	{"a raw socket", "", inNet("raw"), "not permitted", true},
	{"a packet socket", "", inNet("sniff"), "not permitted", true},
	{"another address", "", inNet("address"), "", true},
	{"the proxy", "", inNet("dial", "tcp", "127.0.0.1:3128"), "refused", true},
}

// unrestrictedCases are those of networking that leaves the hosts open.
var unrestrictedCases = []netCase{
	{"any name", "curl", "curl -sS http://evil.test/", "hello evil.test\n", false},
	{"TLS", "curl", "curl -sS https://other.example.com/", "hello other.example.com\n", false},
	{"any protocol, half-closed", "python3", `python3 -c '
import socket
s = socket.create_connection(("echo.test", 2222)); s.sendall(b"ping\n"); s.shutdown(socket.SHUT_WR)
while b := s.recv(99): print(b.decode(), end="")'`, "ping\nEND\n", false},
	{"many at once", "python3", `python3 -c '
import socket
from concurrent.futures import ThreadPoolExecutor
def one(i):
    with socket.create_connection(("echo.test", 2222)) as s:
        s.sendall(b"x" * 100000); s.shutdown(socket.SHUT_WR)
        return sum(iter(lambda: len(s.recv(65536)), 0))
with ThreadPoolExecutor(50) as p: print(sum(p.map(one, range(200))))'`, fmt.Sprint(200 * (100000 + 4)), false},
	{"mail", "", "exec 3<>/dev/tcp/echo.test/25", "refused", true},
	{"a private address", "curl", "curl -sS http://10.0.0.1/", "Failed to connect", true},
	{"a private name", "curl", "curl -sS http://rebind.test/", "Failed to connect", true},
	{"this machine", "curl", "curl -sSg 'http://[::ffff:127.0.0.1]:22/'", "curl: (", true},
	{"a forged server name", "curl", "curl -sS --resolve other.example.com:443:" + tlsAddress + " https://other.example.com/", "alert", true},
	{"QUIC", "", inNet("packet", "web.example.com:443"), "refused", true},
}
