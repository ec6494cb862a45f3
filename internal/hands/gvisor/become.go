package gvisor

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/ostlerdev/ostler/internal/hands/box"
)

const (
	bundleDir  = box.WorkDir + "/bundle"
	stateDir   = box.WorkDir + "/state"
	memoryFile = box.WorkDir + "/memory"
)

// Become turns a launcher into "runsc run" in the same process. It returns only
// if that could not begin.
func Become(p box.Plan) error {
	for _, dir := range []string{bundleDir, stateDir} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	body, err := json.Marshal(ociSpec(p))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(bundleDir, "config.json"), body, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(memoryFile, []byte(strconv.FormatInt(p.Memory, 10)), 0o644); err != nil {
		return err
	}
	os.Args = append([]string{"runsc"}, arguments(p)...)
	r := &run{control: os.NewFile(box.ControlFD, "control"), resume: p.Checkpoint != ""}
	if p.Wire != "" {
		r.wire = os.NewFile(box.NetworkFD, "network")
	}
	runsc(r)
	return fmt.Errorf("runsc returned")
}

// arguments are runsc's. Only what differs from its defaults on purpose.
func arguments(p box.Plan) []string {
	sockets := "none"
	if p.Gate != "" {
		sockets = "open"
	}
	return []string{
		"--root=" + stateDir,
		"--platform=systrap",
		// Nothing of the host's network. See run for what there is.
		"--network=none",
		"--host-uds=" + sockets,
		// What is written outside volumes is kept in a file on disk, private
		// to the sandbox and bounded.
		fmt.Sprintf("--overlay2=root:dir=%s,size=%d", box.StoreDir, p.Disk),
		// The launcher's own group has the limits already.
		"--ignore-cgroups",
		"--sidecar-usage-policy=STRICT",
		"--host-settings=ignore",
		// The other ends of connections don't outlive the network stack of the
		// server, so a checkpoint ends them; programs see an error.
		"--allow-live-tcp-migration=false",
		"run", "--bundle=" + bundleDir, p.ID,
	}
}
