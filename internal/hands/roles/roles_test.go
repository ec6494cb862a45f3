package roles

import (
	"os"
	"testing"
)

// The server itself, and a test, go on after Dispatch.
func TestDispatchReturnsForTheServer(t *testing.T) {
	name := os.Args[0]
	t.Cleanup(func() { os.Args[0] = name })
	for _, name := range []string{"ostler", "/usr/local/bin/ostler", "./ostler", "roles.test"} {
		os.Args[0] = name
		Dispatch()
	}
}
