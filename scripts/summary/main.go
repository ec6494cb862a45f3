// Package main runs `go test -json` with its arguments and shows what a person
// wants to see: a line a package as it ends, the output of what failed, and at
// the end which official client ran in which version and how many tests
// passed. It exits as go test does.
package main

import (
	"fmt"
	"os"
	"os/exec"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		return 1
	}
	s := newSummary(os.Stdout)
	readErr := s.read(out)
	waitErr := cmd.Wait()
	s.end()
	switch {
	case readErr != nil:
		fmt.Fprintln(os.Stderr, "summary:", readErr)
		return 1
	case waitErr != nil || s.failed > 0:
		return 1
	}
	return 0
}
