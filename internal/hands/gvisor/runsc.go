package gvisor

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/subcommands"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/runsc/cli"
	"gvisor.dev/gvisor/runsc/cmd"
	"gvisor.dev/gvisor/runsc/cmd/sentry/sentrycmd"
	"gvisor.dev/gvisor/runsc/cmd/util"
)

// The names of gVisor's own programs, which are all our binary.
const (
	sentryProgram    = "gvisor_sentry"
	prewarmerProgram = "gvisor-sentry-prewarmer"
)

// IsRunsc says whether argv[0] asks the binary to be one of gVisor's programs.
func IsRunsc(argv0 string) bool {
	name := filepath.Base(argv0)
	return strings.HasPrefix(name, "runsc") || strings.HasPrefix(name, "gvisor_sentry") || argv0 == "/proc/self/exe"
}

// IsPrewarmer says whether argv[0] asks the binary to be the program that
// gVisor runs ahead of its kernel.
func IsPrewarmer(argv0 string) bool { return filepath.Base(argv0) == prewarmerProgram }

// Runsc is gVisor's command line with the commands that running a sandbox
// needs. (Package maincli has them all, and 47 MB of embedded helpers.) It
// doesn't return.
func Runsc() { runsc(new(cmd.Run)) }

func runsc(run util.SubCommand) {
	cli.Run(nil, map[util.SubCommand]string{
		run:                   "",
		new(cmd.Gofer):        "internal use only",
		new(sentrycmd.Boot):   "internal use only",
		new(sentrycmd.Umount): "internal use only",
	}, []subcommands.Command{})
}

// Prewarm executes argv[1] with the arguments from argv[2] on, which is all
// that gVisor asks of this program. On the way it tells gVisor's kernel the
// sandbox's memory limit in place of the machine's memory, so that programs
// inside size themselves by it. It returns only if that fails.
func Prewarm() error {
	if len(os.Args) < 3 {
		return unix.EINVAL
	}
	args := os.Args[2:]
	if limit, err := os.ReadFile(memoryFile); err == nil {
		capMemory(args, string(limit))
	}
	return unix.Exec(os.Args[1], args, os.Environ())
}

func capMemory(args []string, limit string) {
	want, err := strconv.ParseUint(limit, 10, 64)
	if err != nil {
		return
	}
	for i, arg := range args[:len(args)-1] {
		if arg != "--total-memory" {
			continue
		}
		if have, err := strconv.ParseUint(args[i+1], 10, 64); err == nil && want < have {
			args[i+1] = limit
		}
	}
}
