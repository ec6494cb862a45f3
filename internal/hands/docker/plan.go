package docker

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
	"github.com/ostlerdev/ostler/internal/hands/docker/inside"
)

// The labels of what the driver makes in the engine.
const (
	labelState   = "dev.ostler.state"   // [Driver.state]: which server's it is
	labelSandbox = "dev.ostler.sandbox" // id of the sandbox
	labelBase    = "dev.ostler.base"    // id of the image that an image was made of
	labelLayers  = "dev.ostler.layers"  // directories that it was made of, as JSON
)

// moreTasks is how many threads a container may have beyond the limit of
// processes, for those of the guest and of who carries its packets.
const moreTasks = 32

// ipv6Off is the name of the kernel's settings that switch IPv6 off.
const ipv6Off = "disable_ipv6"

// Where programs of ours are inside.
var (
	insideDir     = path.Dir(box.InsideGuest)
	insidePrepare = path.Join(insideDir, inside.PrepareName)
)

// masked are the files of /proc and /sys that tell or do more than a program
// inside needs: what engines mask, and what they show besides.
var masked = []string{
	"/proc/acpi", "/proc/asound", "/proc/config.gz", "/proc/interrupts", "/proc/kallsyms", "/proc/kcore", "/proc/key-users",
	"/proc/keys", "/proc/kmsg", "/proc/latency_stats", "/proc/modules", "/proc/sched_debug", "/proc/scsi", "/proc/slabinfo",
	"/proc/timer_list", "/proc/timer_stats", "/proc/vmallocinfo", "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/kernel/security",
}

// frozen are those that may only be read.
var frozen = []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}

// plan makes the directories of a sandbox and says what its container is.
func (d *Driver) plan(spec hands.Spec, img *image) (client.ContainerCreateOptions, error) {
	e := d.engine.Load()
	volumes, err := box.Volumes(spec, e.owner)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	if len(spec.TrustedCA) > 0 {
		ca := filepath.Join(spec.Dir, "run", "ca.pem")
		if err := errors.Join(os.MkdirAll(filepath.Dir(ca), 0o755), os.WriteFile(ca, spec.TrustedCA, 0o644)); err != nil {
			return client.ContainerCreateOptions{}, err
		}
		volumes = append(volumes, box.Volume{Source: ca, Path: box.InsideCA, ReadOnly: true})
	}
	if spec.GateSocket != "" {
		if err := giveSocket(spec.GateSocket, e.owner); err != nil {
			return client.ContainerCreateOptions{}, err
		}
		volumes = append(volumes, box.Volume{Source: spec.GateSocket, Path: box.InsideSocket})
	}
	volumes = append(volumes, box.Volume{Source: filepath.Join(d.programs, path.Base(box.InsideGuest)), Path: box.InsideGuest, ReadOnly: true})
	options := d.confine(e, img.id, volumes)
	options.Name = containerName(spec.ID)
	options.Config.Labels[labelSandbox] = spec.ID
	options.Config.Entrypoint = inside.Command(e.user, spec.Network != nil)
	options.HostConfig.CapAdd = initial
	options.HostConfig.AutoRemove = true
	limit(&options.HostConfig.Resources, e, spec.Limits)
	if spec.Network != nil {
		options.HostConfig.CapAdd = append(slices.Clone(initial), "NET_ADMIN")
		options.HostConfig.Devices = []container.DeviceMapping{{PathOnHost: inside.Device, PathInContainer: inside.Device, CgroupPermissions: "rw"}}
		if !d.noIPv6.Load() {
			// Engines switch it off where they give no address of it.
			options.HostConfig.Sysctls = map[string]string{"net.ipv6.conf.all." + ipv6Off: "0", "net.ipv6.conf.default." + ipv6Off: "0"}
		}
	}
	return options, nil
}

// initial are the capabilities with which process 1 gives up all capabilities
// and becomes the agent's user, before it reads a byte ([inside.Main]).
var initial = []string{"SETGID", "SETPCAP", "SETUID"}

// confine is a container of an image that can do nothing: without network,
// capabilities, or a way to get any, with the engine's own filter of system
// calls, and volumes. Its root file system can be written, because links and
// directories may be wanted anywhere, but most of it belongs to a root that
// nothing of an agent's can become; what is written there is counted
// ([sandboxContainer.Usage]) and thrown away.
func (d *Driver) confine(e *engine, imageID string, volumes []box.Volume) client.ContainerCreateOptions {
	no := false
	options := client.ContainerCreateOptions{
		Config: &container.Config{
			Image:    imageID,
			Hostname: "sandbox",
			User:     "0:0",
			Labels:   map[string]string{labelState: d.state},
			// In place of what the image says.
			Cmd:         []string{},
			WorkingDir:  "/",
			Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
			OpenStdin:   true, StdinOnce: true, // the end of the connection is the end of the input
			AttachStdin: true, AttachStdout: true, AttachStderr: true,
		},
		HostConfig: &container.HostConfig{
			NetworkMode:   "none",
			IpcMode:       "private",
			CgroupnsMode:  "private",
			CapDrop:       []string{"ALL"},
			SecurityOpt:   []string{"no-new-privileges:true"},
			MaskedPaths:   masked,
			ReadonlyPaths: frozen,
			// What goes over its standard output is not for a log file.
			LogConfig: container.LogConfig{Type: "none"},
			Runtime:   d.opts.Runtime,
			Init:      &no,
		},
	}
	if e.remapped {
		options.HostConfig.UsernsMode = "host" // ids inside are those that own the files
	}
	for _, v := range volumes {
		options.HostConfig.Mounts = append(options.HostConfig.Mounts, bind(v))
	}
	return options
}

func bind(v box.Volume) mount.Mount {
	return mount.Mount{
		Type: mount.TypeBind, Source: v.Source, Target: v.Path, ReadOnly: v.ReadOnly,
		BindOptions: &mount.BindOptions{Propagation: mount.PropagationRPrivate},
	}
}

// limit bounds what a container uses, as far as the engine can.
func limit(r *container.Resources, e *engine, l hands.Limits) {
	if e.memory {
		r.Memory, r.MemorySwap = l.Memory, l.Memory
	}
	if e.processes {
		tasks := int64(l.Processes) + moreTasks
		r.PidsLimit = &tasks
	}
	r.Ulimits = []*container.Ulimit{
		{Name: "fsize", Soft: l.FileSize, Hard: l.FileSize},
		{Name: "core"},
	}
}

// giveSocket lets the guest use the gate's socket.
func giveSocket(path string, owner int) error {
	if owner == 0 {
		_, err := os.Lstat(path)
		return err
	}
	return os.Lchown(path, owner, owner)
}

func containerName(id string) string { return "ostler-" + id }
