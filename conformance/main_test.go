package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/ostlerdev/ostler/conformance/rig"
	"github.com/ostlerdev/ostler/internal/house"
)

// server is the server under test, shared by all tests of the package.
var server *rig.Rig

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if server, err = rig.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Clients of every language find the servers beside ours by these names.
	if err := errors.Join(os.Setenv("CHECK_OAUTH_URL", server.OAuth), os.Setenv("CHECK_MCP_URL", server.MCP.URL),
		os.Setenv("CHECK_EVERYTHING_URL", server.Everything), os.Setenv("CHECK_GREETER_URL", server.Greeter)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	fmt.Printf("CLIENT contract: %s held against both SDK majors and both descriptions (sandbox: %s)\n", server.Checked(), server.Sandbox)
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// passed reports how many checks of a client passed; `make test` repeats the
// line at its end.
func passed(client string, n int) {
	fmt.Printf("CLIENT %s: %d checks passed\n", client, n)
}

// notRun reports a client that this machine cannot run. Where nobody looks at
// the report that is a failure.
func notRun(t *testing.T, client, why string) {
	t.Helper()
	fmt.Printf("CLIENT %s: NOT RUN (%s)\n", client, why)
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s was not run: %s", client, why)
	}
	t.Skip(why)
}

// installed is the directory of a client's package, if it is there.
func installed(t *testing.T, client string) (string, bool) {
	t.Helper()
	root, err := house.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, ".cache", "clients", client)
	_, err = os.Stat(filepath.Join(dir, "installed"))
	return dir, err == nil
}

var refusedSoFar int

// holdToContract fails the test for what the contract checks and the model
// double found since the last call.
func holdToContract(t *testing.T) {
	t.Helper()
	var seen []string
	for _, err := range server.Breaches() {
		if text := anyID.ReplaceAllString(err.Error(), "${1}_…"); !slices.Contains(seen, text) {
			seen = append(seen, text)
			t.Errorf("contract: %s", text)
		}
	}
	refused := server.Model.Refused()
	for _, r := range refused[refusedSoFar:] {
		t.Errorf("the model double refused a request with %d: %s", r.Status, r.Message)
	}
	refusedSoFar = len(refused)
	if t.Failed() {
		t.Logf("server log:\n%s", tail(server.Log(), 4000))
	}
}

var anyID = regexp.MustCompile(`\b([a-z]+)_[A-Za-z0-9]{20,}`)

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}
