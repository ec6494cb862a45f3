package guest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// Main runs the guest until its standard input ends and returns the exit code.
// The caller is PID 1 of a sandbox and nothing else.
func Main() int {
	if err := Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		return 1
	}
	return 0
}

// Serve is the guest on other streams than the standard ones. Its caller, too,
// is PID 1 of a sandbox, and has nothing else to do when it returns.
func Serve(input io.Reader, output io.Writer) error {
	// Neighbours run as the same user: keep them from attaching to us and from
	// reading the pipes out of /proc/1/fd.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl dumpable: %w", err)
	}
	if err := hidePrograms(); err != nil {
		return err
	}
	// A stray signal from a neighbour must not end the sandbox. (Ignoring them
	// would make every program inside ignore them too.)
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM,
		unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGPIPE)
	in := bufio.NewReaderSize(input, 64<<10)
	var init frame.Init
	if err := frame.Read(in, &init); err != nil {
		return fmt.Errorf("first frame: %w", err)
	}
	if init.Version != frame.Version {
		return fmt.Errorf("driver speaks version %d, guest %d", init.Version, frame.Version)
	}
	if init.Shelf {
		if err := keepMounting(); err != nil {
			return err
		}
	}
	s := newServer(output, hands.Workspace, environment(init))
	go s.reaper.run()
	s.shell.warm()
	if err := setUp(init); err != nil {
		return s.send(frame.Response{Failure: err.Error()})
	}
	if err := s.send(frame.Response{}); err != nil {
		return err
	}
	if err := s.serve(in); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// hidePrograms keeps the SDK's grep from finding rg and running it: a process
// costs more than the built-in search, and the reaper relies on the shell being
// the only one that the guest starts.
func hidePrograms() error {
	os.Clearenv() // container engines put things there
	return os.Setenv("PATH", "")
}

// setUp does what must be true before the driver is told that the guest is
// ready.
func setUp(init frame.Init) error {
	if err := LoopbackUp(); err != nil {
		return err
	}
	if init.Gate != "" {
		if err := startRelay(RelayAddress, init.Gate); err != nil {
			return err
		}
	}
	return applyLinks(init.Links)
}

// environment is what the shell and its children see. The guest's own
// environment is empty.
func environment(init frame.Init) map[string]string {
	env := map[string]string{
		"PATH":  hands.SystemPath,
		"HOME":  "/root",
		"USER":  "root",
		"SHELL": "/bin/bash",
		"LANG":  "C.UTF-8",
		// The shell has a terminal, and programs that see one ask questions
		// and open pagers that nobody answers.
		"PAGER":               "cat",
		"GIT_PAGER":           "cat",
		"GIT_TERMINAL_PROMPT": "0",
		"DEBIAN_FRONTEND":     "noninteractive",
		// A system that the sandbox takes along when it goes can't be broken
		// by pip (PEP 668), whether root or not.
		"PIP_BREAK_SYSTEM_PACKAGES": "1",
		"PIP_ROOT_USER_ACTION":      "ignore",
	}
	if init.Gate != "" {
		proxy := "http://" + RelayAddress
		for _, name := range []string{"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
			env[name] = proxy
		}
		env["no_proxy"] = "localhost,127.0.0.1,::1"
		env["NO_PROXY"] = env["no_proxy"]
	}
	for k, v := range init.Env {
		env[k] = v
	}
	return env
}
