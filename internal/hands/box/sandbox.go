//go:build linux

package box

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// Config says how a driver starts sandboxes.
type Config struct {
	Driver   string // name, and key of the launcher's [Become]
	StateDir string // absolute; records of live sandboxes
	Programs string // directory made by [Programs]
	Rootfs   string // "" uses the host's system
	Apt      *Apt   // nil if the system inside can't be written
	// Owner is the host id of root inside when the server is privileged.
	Owner      int
	Privileged bool
	Cloneflags uintptr // beyond mount and PID namespaces
	Cgroups    *Cgroups
	Wire       Wire // of network interfaces; "" if sandboxes get none
	Shelf      bool // the driver's program lets the guest of a Plan.Shelf mount
	// Checkpoint names the files of a checkpoint, if the driver's program makes
	// one when it is asked on [ControlFD], and can go on from [CheckpointDir].
	Checkpoint []string
	// Patience is how long a start may take before it is given up and made
	// again, once; 0 leaves it [hands.StartTimeout]. Log is told.
	Patience time.Duration
	Log      *slog.Logger
}

// Sandbox is a running sandbox; it implements [hands.Sandbox].
type Sandbox struct {
	life
	cmd     *exec.Cmd
	stderr  *Tail
	cgroup  *cgroup
	network *network // nil without an interface
	control *control // nil if it can't be suspended
	stamp   string   // what a checkpoint of it depends on
	owner   int      // the host id of root inside if that isn't ours, else 0
	shelf   bool     // it can be shown mounts when it is adopted

	work   sync.WaitGroup // goroutines that end when the processes have
	died   chan struct{}  // life.dead
	record record         // mu guards it
}

var _ hands.Sandbox = (*Sandbox)(nil)

// launch starts the launcher, records it, puts it under its limits and tells it
// the plan.
func (s *Sandbox) launch(cfg Config, plan Plan) (in *os.File, out *os.File, err error) {
	var files []*os.File // the child's ends, and ours until they are handed over
	defer func() {
		for _, f := range files {
			_ = f.Close()
		}
	}()
	pipe := func() (r, w *os.File) {
		if err != nil {
			return nil, nil
		}
		r, w, err = os.Pipe()
		if err == nil {
			files = append(files, r, w)
		}
		return r, w
	}
	stdinR, stdinW := pipe()
	stdoutR, stdoutW := pipe()
	planR, planW := pipe()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(filepath.Join(cfg.Programs, Launcher))
	cmd.Args = []string{Launcher}
	cmd.Env = []string{"GVISOR_SIDECAR_BINARIES_DIR=" + ProgramsDir}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdinR, stdoutW, s.stderr
	cmd.ExtraFiles = []*os.File{planR, s.network.file(), s.control.file()}
	cmd.Dir = "/"
	cmd.SysProcAttr = attributes(cfg)
	if err := spawn(cmd); err != nil {
		return nil, nil, fmt.Errorf("start the launcher: %w", err)
	}
	s.cmd = cmd
	if err := s.register(cfg, plan, planW); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, nil, err
	}
	files = []*os.File{stdinR, stdoutW, planR, planW}
	return stdinW, stdoutR, nil
}

// register makes the launcher findable after a crash and limited before it gets
// to work.
func (s *Sandbox) register(cfg Config, plan Plan, planW *os.File) error {
	if err := s.record.started(s.cmd.Process.Pid); err != nil {
		return err
	}
	if cfg.Cgroups != nil {
		var err error
		if s.cgroup, err = cfg.Cgroups.add(plan, s.cmd.Process.Pid); err != nil {
			return err
		}
	}
	return json.NewEncoder(planW).Encode(plan)
}

func attributes(cfg Config) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | cfg.Cloneflags,
		Pdeathsig:  unix.SIGKILL,
		Setsid:     true,
	}
	if !cfg.Privileged {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return attr
}

// wait releases everything when the launcher, and so everything else, is dead.
func (s *Sandbox) wait(in, out *os.File) {
	// The exit status says nothing: most sandboxes end by being killed.
	_ = s.cmd.Wait()
	_ = in.Close()
	close(s.died)
	s.work.Wait()
	_ = out.Close()
	s.release()
	close(s.done)
}

// release removes what the host keeps for the sandbox. What can't be removed
// now is found by Sweep.
func (s *Sandbox) release() {
	s.network.close()
	s.control.close()
	if s.cgroup != nil && s.cgroup.remove() != nil {
		return
	}
	s.mu.Lock()
	record := s.record
	s.mu.Unlock()
	record.remove()
}

// Pid is the launcher's process: killing it ends the sandbox.
func (s *Sandbox) Pid() int { return s.cmd.Process.Pid }
