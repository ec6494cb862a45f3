package docker

import (
	"net"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
)

// planned is the container of a sandbox on an engine that isn't there.
func planned(t *testing.T, e engine, opts Options, spec hands.Spec) client.ContainerCreateOptions {
	t.Helper()
	d := &Driver{opts: opts, programs: "/programs", state: "state"}
	d.engine.Store(&e)
	spec.ID = "sbx_aaaaaaaaaaaaaaaaaaaaaaaa"
	spec, err := box.Check(spec)
	if err != nil {
		t.Fatal(err)
	}
	options, err := d.plan(spec, &image{id: "sha256:image"})
	if err != nil {
		t.Fatal(err)
	}
	return options
}

func bound(source, target string, readOnly bool) mount.Mount {
	return mount.Mount{Type: "bind", Source: source, Target: target, ReadOnly: readOnly, BindOptions: &mount.BindOptions{Propagation: "rprivate"}}
}

// The whole container of a sandbox: what isn't here, such as a port or a
// privilege, isn't there.
func TestContainer(t *testing.T) {
	dir := t.TempDir()
	got := planned(t, engine{user: 1000, memory: true, processes: true}, Options{}, hands.Spec{
		Dir: dir, Limits: hands.Limits{Memory: 1 << 30, Processes: 100, FileSize: 5},
		Layers: []hands.Layer{{Tree: dir + "/tree", Path: "/opt/packages"}},
	})
	no, tasks := false, int64(132)
	want := client.ContainerCreateOptions{
		Name: "ostler-sbx_aaaaaaaaaaaaaaaaaaaaaaaa",
		Config: &container.Config{
			Image: "sha256:image", Hostname: "sandbox", User: "0:0", WorkingDir: "/", Cmd: []string{},
			Entrypoint:  []string{"/run/ostler/ostler-guest", "init", "1000", "false"},
			AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true,
			Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
			Labels:      map[string]string{"dev.ostler.state": "state", "dev.ostler.sandbox": "sbx_aaaaaaaaaaaaaaaaaaaaaaaa"},
		},
		HostConfig: &container.HostConfig{
			NetworkMode: "none", IpcMode: "private", CgroupnsMode: "private", AutoRemove: true, Init: &no,
			CapDrop: []string{"ALL"}, CapAdd: []string{"SETGID", "SETPCAP", "SETUID"},
			SecurityOpt: []string{"no-new-privileges:true"},
			MaskedPaths: masked, ReadonlyPaths: frozen,
			LogConfig: container.LogConfig{Type: "none"},
			Resources: container.Resources{
				Memory: 1 << 30, MemorySwap: 1 << 30, PidsLimit: &tasks,
				Ulimits: []*container.Ulimit{{Name: "fsize", Soft: 5, Hard: 5}, {Name: "core"}},
			},
			Mounts: []mount.Mount{
				bound(dir+"/workspace", "/workspace", false),
				bound(dir+"/uploads", "/mnt/session/uploads", true),
				bound(dir+"/outputs", "/mnt/session/outputs", false),
				bound(dir+"/tree", "/opt/packages", true),
				bound("/programs/ostler-guest", "/run/ostler/ostler-guest", true),
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, path := range []string{"/proc/kcore", "/proc/keys", "/proc/kallsyms", "/proc/timer_list", "/sys/firmware"} {
		if !slices.Contains(masked, path) {
			t.Errorf("%s is seen", path)
		}
	}
	for _, path := range []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"} {
		if !slices.Contains(frozen, path) {
			t.Errorf("%s can be written", path)
		}
	}
}

// What a network interface, an engine and options change.
func TestContainerVariants(t *testing.T) {
	network := planned(t, engine{user: 1000}, Options{Runtime: "runsc"}, hands.Spec{Dir: t.TempDir(), Network: noNetwork})
	if diff := cmp.Diff([]string{"SETGID", "SETPCAP", "SETUID", "NET_ADMIN"}, network.HostConfig.CapAdd); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]container.DeviceMapping{{PathOnHost: "/dev/net/tun", PathInContainer: "/dev/net/tun", CgroupPermissions: "rw"}}, network.HostConfig.Devices); diff != "" {
		t.Error(diff)
	}
	if network.HostConfig.NetworkMode != "none" || network.Config.Entrypoint[3] != "true" || network.HostConfig.Runtime != "runsc" {
		t.Errorf("with an interface: %+v", network.HostConfig)
	}
	if diff := cmp.Diff(map[string]string{"net.ipv6.conf.all.disable_ipv6": "0", "net.ipv6.conf.default.disable_ipv6": "0"}, network.HostConfig.Sysctls); diff != "" {
		t.Error(diff)
	}
	// An engine that can't bound something refuses containers that ask for it.
	if r := network.HostConfig.Resources; r.Memory != 0 || r.MemorySwap != 0 || r.PidsLimit != nil || len(r.Ulimits) == 0 {
		t.Errorf("limits that the engine hasn't: %+v", r)
	}
	if remapped := planned(t, engine{user: 1000, remapped: true}, Options{}, hands.Spec{Dir: t.TempDir()}); remapped.HostConfig.UsernsMode != "host" {
		t.Errorf("user namespace %q", remapped.HostConfig.UsernsMode)
	}
	if rootless := planned(t, engine{}, Options{}, hands.Spec{Dir: t.TempDir()}); rootless.Config.Entrypoint[2] != "0" {
		t.Errorf("command %v", rootless.Config.Entrypoint)
	}
}

func TestTrustedCA(t *testing.T) {
	dir := t.TempDir()
	ca, err := gate.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	got := planned(t, engine{user: 1000}, Options{}, hands.Spec{Dir: dir, TrustedCA: ca.PEM()}).HostConfig.Mounts
	if diff := cmp.Diff(bound(dir+"/run/ca.pem", "/run/ostler/trust/ca.pem", true), got[len(got)-2]); diff != "" {
		t.Error(diff)
	}
	if text, err := os.ReadFile(dir + "/run/ca.pem"); err != nil || string(text) != string(ca.PEM()) {
		t.Errorf("%q, %v", text, err)
	}
}

func TestGateSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "gate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	listener, err := net.Listen("unix", dir+"/g.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	got := planned(t, engine{user: 1000}, Options{}, hands.Spec{Dir: t.TempDir(), GateSocket: dir + "/g.sock"}).HostConfig.Mounts
	if diff := cmp.Diff(bound(dir+"/g.sock", "/run/ostler/gate/gate.sock", false), got[len(got)-2]); diff != "" {
		t.Error(diff)
	}
	d := &Driver{}
	d.engine.Store(&engine{})
	if _, err := d.plan(hands.Spec{Dir: t.TempDir(), GateSocket: dir + "/none"}, &image{}); err == nil {
		t.Error("a socket that isn't there")
	}
}

// The image is made by root, with the rights over files and no others.
func TestPreparation(t *testing.T) {
	d := &Driver{programs: "/programs", state: "state"}
	got := d.preparation(&engine{user: 1000}, "sha256:base", []string{"/layers/a", "/layers/b"})
	if diff := cmp.Diff([]string{"CHOWN", "DAC_OVERRIDE", "FOWNER"}, got.HostConfig.CapAdd); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]mount.Mount{
		bound("/programs/ostler-prepare", "/run/ostler/ostler-prepare", true),
		bound("/layers/a", "/run/ostler/layers/0", true), bound("/layers/b", "/run/ostler/layers/1", true),
	}, got.HostConfig.Mounts); diff != "" {
		t.Error(diff)
	}
	if got.HostConfig.AutoRemove || got.HostConfig.NetworkMode != "none" || got.Config.Image != "sha256:base" || got.Config.Entrypoint[0] != "/run/ostler/ostler-prepare" {
		t.Errorf("%+v", got)
	}
}
