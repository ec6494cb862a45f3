package gvisor

import (
	"maps"
	"path/filepath"
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
)

// ociSpec describes the sandbox to gVisor, in paths of the launcher's root.
func ociSpec(p box.Plan) *specs.Spec {
	capabilities := slices.Sorted(maps.Keys(box.Capabilities))
	spec := &specs.Spec{
		Version:  specs.Version,
		Hostname: "sandbox",
		Root:     &specs.Root{Path: box.RootDir},
		Process: &specs.Process{
			Args: []string{box.InsideGuest},
			Env:  []string{},
			Cwd:  hands.Workspace,
			Capabilities: &specs.LinuxCapabilities{
				Bounding: capabilities, Effective: capabilities, Permitted: capabilities,
			},
			Rlimits: []specs.POSIXRlimit{
				rlimit("RLIMIT_NPROC", uint64(p.Processes)),
				rlimit("RLIMIT_FSIZE", uint64(p.FileSize)),
				rlimit("RLIMIT_NOFILE", box.OpenFiles),
				rlimit("RLIMIT_CORE", 0),
			},
		},
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc"},
			{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"ro"}},
			{Destination: "/dev", Type: "tmpfs", Source: "tmpfs"},
			{Destination: "/dev/pts", Type: "devpts", Source: "devpts"},
			{Destination: "/dev/shm", Type: "tmpfs", Source: "tmpfs", Options: []string{"mode=1777"}},
		},
		Linux: &specs.Linux{
			Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace}, {Type: specs.NetworkNamespace}, {Type: specs.IPCNamespace},
				{Type: specs.UTSNamespace}, {Type: specs.MountNamespace},
			},
		},
	}
	for i, v := range p.Volumes {
		spec.Mounts = append(spec.Mounts, bindMount(box.VolumePath(i), v.Path, v.ReadOnly))
	}
	if p.Gate != "" {
		spec.Mounts = append(spec.Mounts, bindMount(box.GateDir, box.InsideGate, true))
	}
	if p.Shelf {
		// The guest keeps it to itself, and only until it is adopted.
		c, all := spec.Process.Capabilities, append(capabilities, "CAP_SYS_ADMIN")
		c.Bounding, c.Effective, c.Permitted = all, all, all
	}
	if p.Owner != 0 {
		ids := []specs.LinuxIDMapping{{ContainerID: 0, HostID: uint32(p.Owner), Size: box.IDs}}
		spec.Linux.UIDMappings, spec.Linux.GIDMappings = ids, ids
		spec.Linux.Namespaces = append(spec.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
	}
	return spec
}

func bindMount(source, path string, readOnly bool) specs.Mount {
	options := []string{"rbind", "rw"}
	if readOnly {
		options[1] = "ro"
	}
	return specs.Mount{Destination: filepath.Clean(path), Source: source, Type: "bind", Options: options}
}

func rlimit(name string, n uint64) specs.POSIXRlimit {
	return specs.POSIXRlimit{Type: name, Soft: n, Hard: n}
}
