package conformance

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// pythons are the last release of each generation of the Python SDK.
var pythons = []string{"2.12.0", "1.17.0", "0.125.0"}

func TestPython(t *testing.T) {
	for _, version := range pythons {
		t.Run(version, func(t *testing.T) {
			runScript(t, version, python(t, version, here(t, "python"), "run.py"))
		})
	}
}

// python is a command of the interpreter with one version of the SDK.
func python(t *testing.T, version, dir string, args ...string) *exec.Cmd {
	t.Helper()
	site, ok := installed(t, "python-"+version)
	if !ok {
		notRun(t, "python anthropic "+version, "not installed: make clients")
	}
	cmd := command(t, dir, "python3", args...)
	cmd.Env = append(cmd.Env, "PYTHONPATH="+filepath.Join(site, "site"), "PYTHONNOUSERSITE=1", "PYTHONDONTWRITEBYTECODE=1")
	return cmd
}
