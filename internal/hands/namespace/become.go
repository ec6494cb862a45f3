package namespace

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands/box"
)

// Inner is the argv[0] under which the binary is the second stage of a
// sandbox's start: it is in the sandbox's own user namespace, finishes the file
// system and becomes the guest.
const Inner = "ostler-inner"

// Become turns a launcher into the parent of the inner stage: it starts that,
// waits for it and exits with it. The launcher stays because a user namespace
// with a range of ids needs a parent outside of it that writes its map. It
// returns only if the inner stage could not be started.
func Become(p box.Plan) error {
	// The inner stage dies with the thread that started it.
	runtime.LockOSThread()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}}
	if p.Owner != 0 {
		ids[0].HostID, ids[0].Size = p.Owner, box.IDs
	}
	cmd := exec.Command(filepath.Join(box.ProgramsDir, box.Launcher))
	cmd.Args = []string{Inner}
	cmd.Env = []string{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{r}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
			unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP,
		UidMappings:                ids,
		GidMappings:                ids,
		GidMappingsEnableSetgroups: p.Owner != 0,
		Credential:                 &syscall.Credential{NoSetGroups: p.Owner == 0},
		Pdeathsig:                  unix.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the inner stage: %w", err)
	}
	// The inner stage waits for the plan, so its interface is there before it.
	if p.Wire != "" {
		if err := connect(cmd.Process.Pid); err != nil {
			return fmt.Errorf("network interface: %w", err)
		}
	}
	if err := json.NewEncoder(w).Encode(p); err != nil {
		return err
	}
	_ = r.Close()
	_ = w.Close()
	// Let go of the pipes to the guest, so that its end is seen.
	for _, f := range []*os.File{os.Stdin, os.Stdout} {
		_ = f.Close()
	}
	if err := cmd.Wait(); err != nil {
		os.Exit(1) // the inner stage or the guest has said why
	}
	os.Exit(0)
	return nil
}

// Enter is the main function of the inner stage. It returns, with the exit
// code, only if it fails.
func Enter() int {
	runtime.LockOSThread() // capabilities are the thread's, and it executes the guest
	var p box.Plan
	err := json.NewDecoder(os.NewFile(3, "plan")).Decode(&p)
	if err == nil {
		err = enter(p)
	}
	fmt.Fprintln(os.Stderr, "inner:", err)
	return 1
}

func enter(p box.Plan) error {
	for _, step := range []func(box.Plan) error{root, network, limits, privileges, filter} {
		if err := step(p); err != nil {
			return err
		}
	}
	if err := os.Chdir(workdir); err != nil {
		return err
	}
	return fmt.Errorf("execute the guest: %w", unix.Exec(box.InsideGuest, []string{box.InsideGuest}, []string{}))
}
