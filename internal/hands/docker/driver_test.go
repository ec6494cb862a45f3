package docker_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/docker"
	"github.com/ostlerdev/ostler/internal/hands/handstest"
)

// imageVariable names the image that the suite's sandboxes are made of, which
// must have what the host has.
const imageVariable = "OSTLER_TEST_DOCKER_IMAGE"

// stateDirs are those of the drivers that this process has opened.
var stateDirs sync.Map

func open(stateDir, rootfs string) (hands.Driver, error) {
	stateDirs.Store(stateDir, nil)
	return docker.New(docker.Options{StateDir: stateDir, Rootfs: rootfs, Image: os.Getenv(imageVariable)})
}

func TestMain(m *testing.M) { handstest.Main(m, open) }

func TestConformance(t *testing.T) {
	needEngine(t)
	handstest.Run(t, open)
}

// What the engine's configuration asks for holds for what an agent runs.
func TestPrivileges(t *testing.T) {
	needEngine(t)
	d, err := open(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range []hands.Network{nil, func(packets *os.File) (io.Closer, error) { return packets, nil }} {
		dir := t.TempDir()
		sandbox, err := d.Start(t.Context(), hands.Spec{ID: "sbx_" + strings.ToLower(rand.Text()[:24]), Dir: dir, Network: network})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := sandbox.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}()
		if _, err := sandbox.Run(t.Context(), hands.Call{Tool: "bash", Input: []byte(
			`{"command":"grep -hE '^(Cap|NoNewPrivs|Seccomp:|Groups)' /proc/self/status > status; ls -A /dev/net > device 2>&1; stat -c '%a %u' / > top"}`)}); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"status": "Groups:\t \nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n" +
				"CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n",
			"top": "1777 0\n",
		} {
			if got, err := os.ReadFile(filepath.Join(dir, "workspace", name)); err != nil || string(got) != want {
				t.Errorf("%s: %q, %v; want %q", name, got, err, want)
			}
		}
		if got, err := os.ReadFile(dir + "/workspace/device"); err != nil || strings.Contains(string(got), "tun") {
			t.Errorf("/dev/net: %q, %v", got, err)
		}
	}
}

func BenchmarkDriver(b *testing.B) {
	needEngine(b)
	handstest.Bench(b, open)
}

// needEngine skips the test where no container engine answers, and sees to an
// image for it.
func needEngine(t testing.TB) {
	t.Helper()
	api, err := client.New(client.FromEnv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = api.Close() })
	if _, err := api.Info(t.Context(), client.InfoOptions{}); err != nil {
		t.Skip("no container engine answers: ", err)
	}
	t.Cleanup(func() { removeImages(t, api) })
	if os.Getenv(imageVariable) == "" {
		name := hostImage(t, api)
		if err := os.Setenv(imageVariable, name); err != nil { // for processes of the test's, too
			t.Fatal(err)
		}
	}
}

// removeImages removes what the drivers have made of the tests' images: those
// of sandboxes first, which others may be the base of.
func removeImages(t testing.TB, api *client.Client) {
	ctx := context.Background() // the test's has ended
	for _, name := range []string{"ostler-sandbox", "ostler-rootfs"} {
		for dir := range stateDirs.Range {
			ours := client.Filters{}.Add("label", "dev.ostler.state="+docker.StateLabel(dir.(string)))
			left, err := api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
			if err != nil || len(left.Items) > 0 {
				t.Errorf("containers left behind: %v, %v", left.Items, err)
			}
			made, err := api.ImageList(ctx, client.ImageListOptions{Filters: ours.Clone().Add("reference", name)})
			if err != nil {
				t.Error(err)
			}
			for _, image := range made.Items {
				if _, err := api.ImageRemove(ctx, image.ID, client.ImageRemoveOptions{Force: true, PruneChildren: true}); err != nil && !cerrdefs.IsNotFound(err) {
					t.Error(err)
				}
			}
		}
	}
}

// hostImageVersion changes when hostImage does.
const hostImageVersion = "1"

// hostImage makes an image of the host's programs, as far as tests use them.
func hostImage(t testing.TB, api *client.Client) string {
	t.Helper()
	var files []string
	for _, pattern := range []string{
		"bin", "lib", "lib64", "sbin", "usr/bin", "usr/sbin", "usr/lib64",
		"usr/lib/*-linux-gnu/*.so*", "usr/lib/*-linux-gnu/perl*", "usr/lib/*-linux-gnu/gconv/gconv-modules*",
		"usr/lib/python3", "usr/lib/python3.[0-9]*", "usr/lib/git-core", "usr/lib/node_modules", "usr/lib/ssl", "usr/lib/locale/C.*",
		"usr/lib/os-release", "usr/share/perl*", "usr/share/git-core", "usr/share/nodejs", "usr/share/python-wheels", "usr/share/zoneinfo/Etc",
		"etc/alternatives", "etc/ld.so.*", "etc/os-release", "etc/debian_version", "etc/ssl/certs", "etc/ssl/openssl.cnf", "etc/ca-certificates",
		"etc/localtime", "etc/protocols", "etc/services", "etc/perl", "etc/python3*", "var/lib/dpkg/status",
	} {
		found, err := filepath.Glob("/" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			files = append(files, "."+f)
		}
	}
	status, err := os.ReadFile("/var/lib/dpkg/status")
	if err != nil {
		t.Log("the host is no Debian: ", err)
	}
	sum := sha256.Sum256(append(status, []byte(hostImageVersion)...))
	name := "ostler-test-host:" + hex.EncodeToString(sum[:8])
	if _, err := api.ImageInspect(t.Context(), name); err == nil {
		return name
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tar := exec.CommandContext(ctx, "tar", append([]string{"-C", "/", "-c"}, files...)...)
	tar.Stderr = os.Stderr
	out, err := tar.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tar.Start(); err != nil {
		t.Skip("tar: ", err)
	}
	answer, err := api.ImageImport(ctx, client.ImageImportSource{Source: out, SourceName: "-"}, name, client.ImageImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	said, err := io.ReadAll(answer)
	if err != nil {
		t.Fatalf("import the host's programs: %v: %s", err, said)
	}
	if err := tar.Wait(); err != nil {
		t.Logf("tar: %v", err)
	}
	return name
}
