package docker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
)

func noNetwork(packets *os.File) (io.Closer, error) { return packets, nil }

func TestDescribe(t *testing.T) {
	const seccomp = "name=seccomp,profile=builtin"
	for name, c := range map[string]struct {
		info system.Info
		uid  int
		want engine
	}{
		"the server is root":   {system.Info{SecurityOptions: []string{seccomp}, MemoryLimit: true, PidsLimit: true}, 0, engine{user: 7, owner: 7, memory: true, processes: true}},
		"the server is a user": {system.Info{SecurityOptions: []string{"name=apparmor", seccomp}, MemoryLimit: true}, 1000, engine{user: 1000, memory: true}},
		"ids are remapped":     {system.Info{SecurityOptions: []string{seccomp, "name=userns"}}, 1000, engine{user: 1000, remapped: true}},
		"rootless":             {system.Info{SecurityOptions: []string{seccomp, "name=rootless"}}, 1000, engine{}},
		"no filter":            {system.Info{}, 1000, engine{user: 1000, unfiltered: true}},
		"an open filter":       {system.Info{SecurityOptions: []string{"name=seccomp,profile=unconfined"}}, 1000, engine{user: 1000, unfiltered: true}},
	} {
		c.info.ServerVersion = "1"
		c.want.name = "Docker 1"
		if diff := cmp.Diff(&c.want, describe(c.info, c.uid, 7), cmp.AllowUnexported(engine{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestIsolation(t *testing.T) {
	for want, c := range map[string]struct {
		e       engine
		runtime string
	}{
		"weaker than gVisor; they are an ordinary user without capabilities": {engine{user: 1, memory: true, processes: true}, ""},
		"processes bounded by the engine":                                    {engine{user: 1, memory: true, processes: true}, ""},
		"memory bounded by the engine, processes not":                        {engine{user: 1, memory: true}, ""},
		"MEMORY NOT BOUNDED":                                                 {engine{user: 1}, ""},
		"the engine doesn't filter their system calls":                       {engine{unfiltered: true}, ""},
		"root of a user namespace without capabilities, with no network but": {engine{}, ""},
		"run in the engine's runtime runsc":                                  {engine{}, "runsc"},
	} {
		if got := c.e.isolation(c.runtime); !strings.Contains(got, want) {
			t.Errorf("%q doesn't say %q", got, want)
		}
	}
}

func TestFindGuest(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	mine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	other := map[string]string{"amd64": "aarch64", "arm64": "x86_64"}[runtime.GOARCH]
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := findGuest("", mine); got != self || err != nil && !strings.Contains(err.Error(), "CGO_ENABLED") {
		t.Errorf("%q, %v", got, err)
	}
	for want, c := range map[string][2]string{
		"make guest":                       {text + "-none", mine},
		"to run inside of containers":      {text, mine},
		"the engine's machine is " + other: {self, other},
	} {
		if _, err := findGuest(c[0], c[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", c, err, want)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, opts := range []Options{{}, {StateDir: "relative"}, {StateDir: "/a/../b"}, {StateDir: "/a", Rootfs: "b"}, {StateDir: "/a", Guest: "b"}} {
		if _, err := New(opts); err == nil {
			t.Errorf("%+v is taken", opts)
		}
	}
}

// fakeEngine answers what a test says, and nothing else.
func fakeEngine(t *testing.T, info system.Info, handle http.HandlerFunc) *Driver {
	t.Helper()
	dir, err := os.MkdirTemp("", "engine")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", dir+"/docker.sock")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		_, _ = io.WriteString(w, "OK")
	})
	mux.HandleFunc("GET /v1.41/info", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(info) })
	mux.HandleFunc("/", handle)
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); _ = os.RemoveAll(dir) })
	t.Setenv("DOCKER_HOST", "unix://"+dir+"/docker.sock")
	d, err := New(Options{StateDir: t.TempDir(), Image: "example.com/image:tag", Runtime: "special"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.api.Close() })
	return d
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

// What an engine can't do is said when the driver is tried out.
func TestEngineRefusals(t *testing.T) {
	if self, err := os.Executable(); err != nil || box.Static(self) != nil {
		t.Skip("this program can't be a guest: ", box.Static(self))
	}
	good := system.Info{OSType: "linux", Architecture: map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH], Runtimes: map[string]system.RuntimeWithStatus{"special": {}}}
	nothing := func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusTeapot, "not asked for: "+r.URL.Path)
	}
	windows, plain := good, good
	windows.OSType = "windows"
	plain.Runtimes = nil
	for want, c := range map[string]struct {
		info   system.Info
		handle http.HandlerFunc
	}{
		`makes containers of "windows"`: {windows, nothing},
		`no runtime "special"`:          {plain, nothing},
		"the image example.com/image:tag: Error response from daemon: no such registry": {good, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodGet && r.URL.Path == "/v1.41/images/example.com/image:tag/json":
				refuse(w, http.StatusNotFound, "no such image")
			case r.Method == http.MethodPost && r.URL.Path == "/v1.41/images/create" && r.URL.Query().Get("fromImage") == "example.com/image" && r.URL.Query().Get("tag") == "tag":
				refuse(w, http.StatusInternalServerError, "no such registry")
			default:
				nothing(w, r)
			}
		}},
		"no space left for a container": {good, func(w http.ResponseWriter, r *http.Request) {
			switch path := r.Method + " " + r.URL.Path; {
			case strings.HasPrefix(path, "GET /v1.41/images/ostler-sandbox:"):
				refuse(w, http.StatusNotFound, "no such image")
			case path == "GET /v1.41/images/example.com/image:tag/json":
				_, _ = io.WriteString(w, `{"Id":"sha256:base"}`)
			case path == "POST /v1.41/containers/create":
				var body struct {
					Image, User string
					HostConfig  struct{ CapDrop []string }
				}
				if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Image != "sha256:base" || len(body.HostConfig.CapDrop) != 1 {
					t.Errorf("%+v, %v", body, err)
				}
				refuse(w, http.StatusInternalServerError, "no space left for a container")
			default:
				nothing(w, r)
			}
		}},
	} {
		d := fakeEngine(t, c.info, c.handle)
		if err := d.Probe(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Probe: %v, want %q", err, want)
		}
		if _, err := d.Start(t.Context(), hands.Spec{ID: "sbx_aaaaaaaaaaaaaaaaaaaaaaaa", Dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Start: %v, want %q", err, want)
		}
		if left, _ := filepath.Glob(d.live() + "/*"); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func TestNoEngine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+t.TempDir()+"/none.sock")
	d, err := New(Options{StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"Probe": d.Probe(t.Context(), t.TempDir()), "Sweep": d.Sweep(t.Context())} {
		if err == nil {
			t.Errorf("%s without an engine", what)
		}
	}
	if !strings.Contains(d.Isolation(), "not been asked") || hands.Transparent(d) != nil {
		t.Errorf("%q, %v", d.Isolation(), hands.Transparent(d))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Probe(ctx, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled probe: %v", err)
	}
}

func TestSocket(t *testing.T) {
	home, err := os.MkdirTemp("", "home") // short, for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	t.Setenv("HOME", home)
	t.Setenv("DOCKER_HOST", "")
	host := func(usual string) string {
		api, err := client.New(socket(usual))
		if err != nil {
			t.Fatal(err)
		}
		defer api.Close()
		return api.DaemonHost()
	}
	none, path := home+"/none", home+"/.docker/run/docker.sock"
	if got := host(none); got != client.DefaultDockerHost {
		t.Errorf("without any: %s", got)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if got := host(none); got != "unix://"+path {
		t.Errorf("with Docker Desktop's: %s", got)
	}
	if got := host(path); got != client.DefaultDockerHost {
		t.Errorf("with the usual one: %s", got)
	}
	t.Setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
	if got := host(none); got != "tcp://192.0.2.1:2375" {
		t.Errorf("with one in the environment: %s", got)
	}
}

// An engine whose kernel has no IPv6 isn't asked for it again.
func TestWithoutIPv6(t *testing.T) {
	d := &Driver{}
	d.engine.Store(&engine{user: 1000})
	d.noIPv6.Store(true)
	got, err := d.plan(hands.Spec{Dir: t.TempDir(), Network: noNetwork}, &image{})
	if err != nil || got.HostConfig.Sysctls != nil || got.HostConfig.Devices == nil {
		t.Errorf("%+v, %v", got.HostConfig, err)
	}
}
