package provisiontest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands/handstest"
)

// registryName is the name of a Registry's host.
const registryName = "registry.test"

// Registry stands for the public registries of several package managers. Each
// has a package "ostler-try", whose program of that name prints the manager's,
// and whose library does for those that have one.
type Registry struct {
	http *httptest.Server

	mu       sync.Mutex
	files    map[string][]byte
	hang     map[string]bool
	requests []string
}

// NewRegistry starts a registry. Paths of apt are only there if the machine can
// build its packages.
func NewRegistry(t testing.TB) *Registry {
	t.Helper()
	r := &Registry{files: map[string][]byte{}, hang: map[string]bool{}}
	stop := make(chan struct{})
	r.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		name := path.Clean(req.URL.Path)
		r.mu.Lock()
		body, ok := r.files[name]
		hang := r.hang[name]
		r.requests = append(r.requests, name)
		r.mu.Unlock()
		switch {
		case hang:
			select {
			case <-stop:
			case <-req.Context().Done():
			}
		case !ok:
			http.NotFound(w, req)
		default:
			w.Header().Set("Content-Type", contentType(name))
			_, _ = w.Write(body) // the client sees what it gets
		}
	}))
	t.Cleanup(r.http.Close)
	t.Cleanup(func() { close(stop) })
	r.pip(t)
	r.npm(t)
	r.golang(t)
	r.apt(t)
	return r
}

// Join makes the registry's name known to a gate.
func (r *Registry) Join(t testing.TB, rig *Rig) {
	t.Helper()
	rig.Name(t, registryName, r.Address())
}

// Names is the registry's name and address, as an operator writes them down.
func (r *Registry) Names() string { return registryName + "=" + r.Address() }

// Address is where the registry listens.
func (r *Registry) Address() string { return r.http.Listener.Addr().String() }

// Host is the name that URLs hold.
func (r *Registry) Host() string { return registryName }

// URLs are what makes package managers use the registry: manager=URL, for apt
// a line of a sources.list.
func (r *Registry) URLs() []string {
	at := "http://" + registryName
	return []string{"pip=" + at + "/pip/", "npm=" + at + "/npm/", "go=" + at + "/go", "apt=deb [trusted=yes] " + at + "/apt ./"}
}

// Requests is the paths that were asked for so far.
func (r *Registry) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.requests...)
}

// Hang makes a path never answer.
func (r *Registry) Hang(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hang[name] = true
}

func (r *Registry) put(name string, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[name] = body
}

func contentType(name string) string {
	switch {
	case strings.HasPrefix(name, "/npm/") && path.Ext(name) == "":
		return "application/json"
	case strings.HasPrefix(name, "/pip/") && path.Ext(name) == "":
		return "text/html"
	}
	return "application/octet-stream"
}

func (r *Registry) pip(t testing.TB) {
	const wheel = "ostler_try-1.0-py3-none-any.whl"
	const info = "ostler_try-1.0.dist-info/"
	r.put("/pip/ostler-try", fmt.Appendf(nil, `<!DOCTYPE html><a href="/pip/files/%s">%s</a>`, wheel, wheel))
	r.put("/pip/files/"+wheel, handstest.Zip(t, map[string]string{
		"ostler_try.py":           "def main():\n    print('pip')\n",
		info + "METADATA":         "Metadata-Version: 2.1\nName: ostler-try\nVersion: 1.0\n",
		info + "WHEEL":            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		info + "entry_points.txt": "[console_scripts]\npip-try = ostler_try:main\n",
		info + "RECORD":           "ostler_try.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "entry_points.txt,,\n" + info + "RECORD,,\n",
	}))
}

func (r *Registry) npm(t testing.TB) {
	const manifest = `{"name":"ostler-try","version":"1.0.0","bin":{"npm-try":"cli.js"}`
	r.put("/npm/ostler-try", []byte(`{"name":"ostler-try","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":`+manifest+
		`,"dist":{"tarball":"http://`+registryName+`/npm/ostler-try.tgz"}}}}`))
	r.put("/npm/ostler-try.tgz", handstest.TarGz(t, 0o755, map[string]string{
		"package/package.json": manifest + "}",
		"package/index.js":     "module.exports = 'npm'\n",
		"package/cli.js":       "#!/usr/bin/env node\nconsole.log(require('./index.js'))\n",
	}))
}

func (r *Registry) golang(t testing.TB) {
	const at, mod = "/go/registry.test/go-try/@v/", "module registry.test/go-try\n\ngo 1.20\n"
	r.put(at+"list", []byte("v1.0.0\n"))
	r.put(at+"v1.0.0.info", []byte(`{"Version":"v1.0.0","Time":"2026-01-01T00:00:00Z"}`))
	r.put(at+"v1.0.0.mod", []byte(mod))
	r.put(at+"v1.0.0.zip", handstest.Zip(t, map[string]string{
		"registry.test/go-try@v1.0.0/go.mod":  mod,
		"registry.test/go-try@v1.0.0/main.go": "package main\n\nfunc main() { println(\"go\") }\n",
	}))
}

// apt makes a flat repository of one package, whose configuration leaves a
// trace.
func (r *Registry) apt(t testing.TB) {
	deb, index := handstest.Deb(t, "ostler-try", map[string]string{
		"DEBIAN/conffiles":            "/etc/ostler-try.conf\n",
		"DEBIAN/postinst":             "#!/bin/sh\nset -e\necho configured > /var/lib/ostler-try/state\nadduser --quiet --system --no-create-home ostler-try\n",
		"usr/bin/apt-try":             "#!/bin/sh\necho apt\n",
		"etc/ostler-try.conf":         "conf\n",
		"var/lib/ostler-try/data":     "data\n",
		"usr/share/doc/ostler-try/ch": "left out\n",
	})
	if deb != nil {
		r.put("/apt/ostler-try.deb", deb)
		r.put("/apt/Packages", index)
	}
}
