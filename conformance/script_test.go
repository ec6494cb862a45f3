package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// scriptTime is how long the program of one client may take.
const scriptTime = 5 * time.Minute

// line is what a client's program prints: first who it is, then its checks.
type line struct {
	Client  string  `json:"client"`
	Version string  `json:"version"`
	Check   string  `json:"check"`
	Error   *string `json:"error"`
}

// runScript runs a client's program and makes a subtest of each line.
func runScript(t *testing.T, version string, cmd *exec.Cmd) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v\n%s", cmd, err, stderr.Bytes())
	}
	client, n := "", 0
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Errorf("the program printed %q", lines.Text())
			continue
		}
		if l.Client != "" {
			client = l.Client
			if l.Version != version {
				t.Errorf("ran %s %s, want %s", l.Client, l.Version, version)
			}
			continue
		}
		if t.Run(l.Check, func(t *testing.T) {
			if l.Error != nil {
				t.Error(*l.Error)
			}
		}) {
			n++
		}
	}
	if n == 0 {
		t.Errorf("no check ran\n%s", stderr.Bytes())
	}
	passed(client+" "+version, n)
	holdToContract(t)
}

// command is a client's program with an environment that names the server and
// nothing else of this family.
func command(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), scriptTime)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "ANTHROPIC_") && !strings.HasPrefix(kv, "PYTHON") && !strings.HasPrefix(kv, "NODE_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "ANTHROPIC_BASE_URL="+server.URL, "ANTHROPIC_API_KEY="+server.Key, "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	return cmd
}

// here is an absolute path below this directory.
func here(t *testing.T, elem ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
