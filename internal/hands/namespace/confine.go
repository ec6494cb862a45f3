package namespace

import (
	"fmt"
	"slices"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands/box"
	"github.com/ostlerdev/ostler/internal/hands/guest"
)

// network brings loopback up, which the guest may not.
func network(box.Plan) error { return guest.LoopbackUp() }

// limits sets the resource limits of every process inside.
func limits(p box.Plan) error {
	for resource, n := range map[int]uint64{
		unix.RLIMIT_NPROC: uint64(p.Processes), unix.RLIMIT_FSIZE: uint64(p.FileSize),
		unix.RLIMIT_NOFILE: box.OpenFiles, unix.RLIMIT_CORE: 0,
	} {
		var now unix.Rlimit
		if err := unix.Getrlimit(resource, &now); err != nil {
			return fmt.Errorf("limit %d: %w", resource, err)
		}
		n = min(n, now.Max) // an ordinary user's hard limits can't be raised
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("limit %d: %w", resource, err)
		}
	}
	return nil
}

// privileges gives up every capability that isn't in [box.Capabilities], for
// this thread and all it will execute.
func privileges(box.Plan) error {
	var keep uint64
	for _, c := range box.Capabilities {
		keep |= 1 << c
	}
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if keep&(1<<c) != 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil && err != unix.EINVAL {
			return fmt.Errorf("drop capability %d: %w", c, err) // EINVAL: an older kernel has fewer
		}
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("ambient capabilities: %w", err)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := [2]unix.CapUserData{
		{Effective: uint32(keep), Permitted: uint32(keep)},
		{Effective: uint32(keep >> 32), Permitted: uint32(keep >> 32)},
	}
	if err := unix.Capset(&header, &data[0]); err != nil {
		return fmt.Errorf("capset: %w", err)
	}
	return nil
}

// refused are system calls that no program inside needs and that widen the way
// to the kernel. Calls that the filter doesn't know, and those of another
// architecture's interface, are refused too.
var refused = []string{
	"_sysctl", "acct", "add_key", "afs_syscall", "bpf", "clock_adjtime", "clock_settime", "create_module",
	"delete_module", "fanotify_init", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "get_kernel_syms",
	"get_mempolicy", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl",
	"kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mbind", "migrate_pages", "mount",
	"mount_setattr", "move_mount", "move_pages", "name_to_handle_at", "nfsservctl", "open_by_handle_at",
	"open_tree", "perf_event_open", "pivot_root", "process_vm_readv", "process_vm_writev", "query_module",
	"quotactl", "quotactl_fd", "reboot", "request_key", "security", "set_mempolicy", "setns", "settimeofday",
	"stime", "swapoff", "swapon", "syslog", "umount", "umount2", "unshare", "uselib", "userfaultfd", "ustat",
	"vhangup", "vm86", "vm86old",
}

// newNamespaces are the flags of clone that would give back the capabilities
// that were dropped.
const newNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
	unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// filter installs the system call filter in all threads, and no_new_privs with
// it.
func filter(box.Plan) error {
	info, err := arch.GetInfo("")
	if err != nil {
		return fmt.Errorf("system call filter: %w", err)
	}
	var allowed []string
	for name := range info.SyscallNames {
		if name != "clone" && name != "clone3" && !slices.Contains(refused, name) {
			allowed = append(allowed, name)
		}
	}
	slices.Sort(allowed)
	err = seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionErrno,
			Syscalls: []seccomp.SyscallGroup{
				// Its flags are in memory, where a filter can't look; a program
				// that is told that it doesn't exist uses clone.
				{Names: []string{"clone3"}, Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)},
				{Names: allowed, Action: seccomp.ActionAllow},
				// Last, because the library forgets which call it looks at when
				// a condition doesn't hold.
				{NamesWithCondtions: []seccomp.NameWithConditions{{
					Name: "clone",
					Conditions: seccomp.ArgumentConditions{
						{Argument: 0, Operation: seccomp.BitsNotSet, Value: newNamespaces},
					},
				}}, Action: seccomp.ActionAllow},
			},
		},
	})
	if err != nil {
		return fmt.Errorf("system call filter: %w", err)
	}
	return nil
}
