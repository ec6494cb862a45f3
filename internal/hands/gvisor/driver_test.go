package gvisor_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/box"
	"github.com/ostlerdev/ostler/internal/hands/gvisor"
	"github.com/ostlerdev/ostler/internal/hands/handstest"
)

func open(stateDir, rootfs string) (hands.Driver, error) {
	return gvisor.New(gvisor.Options{StateDir: stateDir, Rootfs: rootfs})
}

func TestMain(m *testing.M) { handstest.Main(m, open) }

func TestConformance(t *testing.T) { handstest.Run(t, open) }

// A start that hangs is made again, and leaves nothing behind.
func TestStartAgain(t *testing.T) {
	var said bytes.Buffer
	driver, err := gvisor.New(gvisor.Options{StateDir: t.TempDir(), Patience: 2 * time.Second, Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	var stopped int
	sandbox, err := driver.Start(t.Context(), hands.Spec{
		ID: "sbx_" + strings.Repeat("a", 24), Dir: t.TempDir(),
		Network: func(packets *os.File) (io.Closer, error) {
			if stopped == 0 { // the launcher has only just begun
				stopped = launcher(t)
				return packets, unix.Kill(stopped, unix.SIGSTOP)
			}
			return packets, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := sandbox.Run(t.Context(), hands.Call{Tool: "bash", Input: []byte(`{"command":"echo usable"}`)})
	if err != nil || result.IsError {
		t.Errorf("%s, %v", result.Content, err)
	}
	if !strings.Contains(said.String(), "started again") {
		t.Errorf("the log: %s", said.String())
	}
	if pid := launcher(t); pid == stopped {
		t.Errorf("the launcher that hung, %d, is still there", pid)
	}
	if err := sandbox.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// launcher is the process id of this process's only launcher.
func launcher(t *testing.T) int {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, name := range names {
		command, _ := os.ReadFile(name) // of nobody who ended meanwhile
		status, _ := os.ReadFile(filepath.Dir(name) + "/status")
		if !bytes.HasPrefix(command, []byte(box.Launcher)) || !bytes.Contains(status, fmt.Appendf(nil, "\nPPid:\t%d\n", os.Getpid())) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, pid)
	}
	if len(found) != 1 {
		t.Fatalf("launchers: %v", found)
	}
	return found[0]
}

func BenchmarkDriver(b *testing.B) { handstest.Bench(b, open) }
