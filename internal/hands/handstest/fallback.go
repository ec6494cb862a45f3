package handstest

import "testing"

// testFallback holds a sandbox that can't have an interface to the proxy of
// its environment: what knows of it is let through as the policy says, what
// doesn't reaches nothing.
func testFallback(t *testing.T, b box) {
	t.Run("fallback", func(t *testing.T) {
		runNetCases(t, b, fallbackCases)
		for _, address := range hostAddresses(t) {
			if got := b.try("dial", "tcp", address); got == "ok" {
				t.Errorf("connected to %s", address)
			}
		}
	})
}

// throughProxy is a request as a program would write it that has no rules of
// its own.
func throughProxy(request string) string {
	return `exec 3<>/dev/tcp/127.0.0.1/3128; printf '` + request + `\r\n\r\n' >&3; head -n 1 <&3; exec 3>&-`
}

// fallbackCases hold under the limited networking of testTransparent.
var fallbackCases = []netCase{
	{"interfaces", "", inNet("interfaces"), "lo\nok", false},
	{"proxy", "", "echo $http_proxy $HTTPS_PROXY", "http://127.0.0.1:3128 http://127.0.0.1:3128\n", false},

	{"curl", "curl", "curl -sS http://web.example.com/", "hello web.example.com\n", false},
	{"curl with TLS", "curl", "curl -sS https://tls.example.com/", "hello tls.example.com\n", false},
	{"curl without a name", "curl", "curl -sS http://192.0.2.7/", "hello 192.0.2.7\n", false},
	{"curl over IPv6", "curl", "curl -sSg 'http://[2001:db8::7]/'", "hello [2001:db8::7]\n", false},
	{"curl below a wildcard", "curl", "curl -sS http://a.wild.test/", "hello a.wild.test\n", false},
	{"wget", "wget", "wget -qO - http://web.example.com/", "hello web.example.com\n", false},
	{"wget with TLS", "wget", "wget -qO - https://tls.example.com/", "hello tls.example.com\n", false},
	{"python", "python3", `python3 -c 'import urllib.request as u; print(u.urlopen("https://tls.example.com/").read())'`, "hello tls.example.com", false},
	{"git", "git", "git clone -q http://web.example.com/packages/git/r proxied && git -C proxied log --format=%s", "cloned\n", false},
	{"pip", "pip3", "python3 -m pip install -q --target /tmp/pip --no-deps --index-url http://web.example.com/packages/pip --trusted-host web.example.com ostler-try && PYTHONPATH=/tmp/pip python3 -m ostler_try", "installed\n", false},
	{"npm", "npm", "mkdir -p /tmp/npm && cd /tmp/npm && npm install --silent --no-audit --no-fund --registry http://web.example.com/packages/npm ostler-try && node node_modules/ostler-try/index.js; cd /workspace", "installed\n", false},
	{"a tunnel", "", throughProxy(`CONNECT tls.example.com:443 HTTP/1.1\r\nHost: tls.example.com:443`), "HTTP/1.1 200", false},
	{"loopback stays inside", "curl", "python3 -m http.server --bind 127.0.0.1 8000 2>/dev/null & for i in {1..100}; do curl -sf http://localhost:8000/ > /tmp/l && break; sleep 0.1; done; kill %1; grep -c Directory /tmp/l", "2\n", false},
	{"credential", "curl", `curl -sS -H "X-Key: $KEY" https://key.example.com/key`, "true\n", false},
	{"credential elsewhere", "curl", `curl -sS -H "X-Key: $KEY" https://tls.example.com/key`, "false\n", false},

	{"another name", "curl", "curl -sS http://evil.test/", "refused evil.test", false},
	{"another name with TLS", "curl", "curl -sS https://evil.test/", "403", true},
	{"above a wildcard", "curl", "curl -sS http://wild.test/", "refused wild.test", false},
	{"an address", "curl", "curl -sS http://198.51.100.1/", "refused 198.51.100.1", false},
	{"cloud metadata", "curl", "curl -sS http://169.254.169.254/", "refused 169.254.169.254", false},
	{"a private name", "curl", "curl -sS http://rebind.test/", "refused rebind.test", false},
	{"a name that doesn't exist", "curl", "curl -sS http://gone.test/", "could not complete gone.test", false},
	{"a forged Host", "curl", "curl -sS -H 'Host: evil.test' http://web.example.com/", "names another host", false},
	{"a forged server name", "curl", "curl -sS --connect-to evil.test:443:tls.example.com:443 https://evil.test/", "alert", true},
	{"a redirect", "curl", "curl -sSL 'http://web.example.com/redirect?to=http://evil.test/'", "refused evil.test", false},
	{"CONNECT to a port", "", throughProxy(`CONNECT tls.example.com:22 HTTP/1.1\r\nHost: tls.example.com:22`), "HTTP/1.1 403", false},
	{"CONNECT to an address", "", throughProxy(`CONNECT 198.51.100.1:443 HTTP/1.1\r\nHost: 198.51.100.1:443`), "HTTP/1.1 403", false},
	{"around the proxy", "curl", "curl -sS --noproxy '*' http://web.example.com/", "Could not resolve host", true},
	{"an address around the proxy", "curl", "curl -sS --noproxy '*' http://192.0.2.7/", "curl: (7)", true},
	{"DNS over UDP", "", inNet("lookup", "udp", "web.example.com"), "", true},
	{"DNS over TCP", "", inNet("lookup", "tcp", "web.example.com"), "", true},
	{"QUIC", "", inNet("packet", "192.0.2.7:443"), "unreachable", true},
	{"UDP over IPv6", "", inNet("packet", "'[2001:db8::7]:443'"), "unreachable", true},
	{"a raw socket", "", inNet("raw"), "not permitted", true},
	{"a packet socket", "", inNet("sniff"), "not permitted", true},
}
