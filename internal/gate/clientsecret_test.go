package gate

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// nodeRequest is https through a proxy as Node programs do it: a CONNECT, and
// TLS over the socket, with the trust that NODE_EXTRA_CA_CERTS gives.
const nodeRequest = `
const http = require('http'), https = require('https'), proxy = new URL(process.env.https_proxy);
const [url, key, body] = process.argv.slice(1), to = new URL(url);
http.request({host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: to.hostname + ':443', headers: {host: to.hostname + ':443'}})
  .on('connect', (_, socket) => {
    const req = https.request(to, {method: 'POST', socket, agent: false, headers: {'x-key': key}}, res => {
      res.pipe(process.stdout); res.on('end', () => socket.destroy());
    });
    req.on('error', e => { console.error(e); process.exit(1) });
    req.end(body);
  }).on('error', e => { console.error(e); process.exit(1) }).end();
`

const pythonRequest = `
import os, sys, urllib.request as u
r = u.Request(sys.argv[1], headers={"X-Key": sys.argv[2]}, data=sys.argv[3].encode())
sys.stdout.write(u.urlopen(r).read().decode())
`

// Programs that know only the placeholder, the proxy and the CA reach a server
// that wants the value, over TLS that the gate takes off.
func TestRealClientsWithCredentials(t *testing.T) {
	b := startBackend(t)
	ca := newTestCA(t)
	cred := credential("vcrd_1", ph1, secret)
	cred.Hosts = limited(t, "*.example.com")
	s := startSession(t, Session{
		ID: "sesn_test", Policy: policy.Unrestricted(), CA: ca, Secrets: fixed(Grants{Substitutions: []Substitution{cred}}),
	}, b.names, func(c *Config) { c.Roots = b.roots })
	dir := t.TempDir()
	caFile, file := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "file")
	for path, text := range map[string][]byte{caFile: ca.PEM(), file: []byte("in a file: " + ph1)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	proxy := s.relay()
	url := "https://" + secureHost + "/p?q=" + ph1
	hasKey := func(r arrival) bool { return r.Header.Get("X-Key") == secret }
	hasBody := func(want string) func(arrival) bool {
		return func(r arrival) bool { return strings.Contains(r.body, want) }
	}
	for _, c := range []struct {
		name string
		argv []string
		ok   func(arrival) bool
	}{
		{"curl", []string{"curl", "-sS", "-H", "X-Key: " + ph1, url}, hasKey},
		{"curl plain", []string{"curl", "-sS", "-H", "X-Key: " + ph1, "http://" + plainHost + "/p?q=" + ph1}, hasKey},
		{"curl with HTTP/2", []string{"curl", "-sS", "--http2", "-H", "X-Key: " + ph1, url}, hasKey},
		{"curl with a user", []string{"curl", "-sS", "-u", "me:" + ph1, url}, func(r arrival) bool { return r.Header.Get("Authorization") == basicAuth("me:"+secret) }},
		{"curl form", []string{"curl", "-sS", "-d", "a=b&key=" + ph1, url}, func(r arrival) bool { return r.body == "a=b&key="+secret }},
		{"curl multipart", []string{"curl", "-sS", "-F", "key=" + ph1, "-F", "f=@" + file, url}, hasBody("in a file: " + secret)},
		{"curl upload", []string{"curl", "-sS", "-T", file, url}, hasBody("in a file: " + secret)},
		{"curl stream", []string{"sh", "-c", "curl -sS -T - '" + url + "' < " + file}, hasBody("in a file: " + secret)},
		{"curl expects", []string{"curl", "-sS", "-H", "Expect: 100-continue", "-d", "key=" + ph1, url}, hasBody(secret)},
		{"wget", []string{"wget", "-q", "-O", "-", "--ca-certificate=" + caFile, "--header=X-Key: " + ph1, url}, hasKey},
		{"python", []string{"python3", "-c", pythonRequest, url, ph1, "body " + ph1}, func(r arrival) bool { return hasKey(r) && r.body == "body "+secret }},
		{"node", []string{"node", "-e", nodeRequest, url, ph1, "body " + ph1}, func(r arrival) bool { return hasKey(r) && r.body == "body "+secret }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := exec.LookPath(c.argv[0]); err != nil {
				t.Skip(err)
			}
			cmd := exec.CommandContext(t.Context(), c.argv[0], c.argv[1:]...)
			cmd.Env = []string{
				"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "http_proxy=" + proxy, "https_proxy=" + proxy,
				"SSL_CERT_FILE=" + caFile, "CURL_CA_BUNDLE=" + caFile, "NODE_EXTRA_CA_CERTS=" + caFile,
			}
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != "ok" {
				t.Fatalf("%v: %s", err, out)
			}
			a := b.arrival(t)
			if !c.ok(a) || !strings.HasSuffix(a.RequestURI, "/p?q="+ph1) {
				t.Errorf("arrived %s %v %q", a.RequestURI, a.Header, a.body)
			}
			if a.Method == http.MethodPut && c.name == "curl upload" && a.ContentLength != int64(len(a.body)) {
				t.Errorf("announced %d bytes", a.ContentLength)
			}
		})
	}
	b.none(t)
}
