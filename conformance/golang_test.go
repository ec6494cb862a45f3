package conformance

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/conformance/gov1"
	"github.com/ostlerdev/ostler/conformance/gov2"
	"github.com/ostlerdev/ostler/internal/contract"
)

func TestGoV2(t *testing.T) {
	client := gov2.NewClient(server.URL, server.Key)
	n := 0
	for _, c := range gov2.Checks() {
		if t.Run(c.Name, func(t *testing.T) { c.Run(t, client) }) {
			n++
		}
	}
	passed("go anthropic-sdk-go "+versionOf(t, gov2.Module), n)
	holdToContract(t)
}

func TestGoV1(t *testing.T) {
	client := gov1.NewClient(server.URL, server.Key)
	n := 0
	for _, c := range gov1.Checks() {
		if t.Run(c.Name, func(t *testing.T) { c.Run(t, client) }) {
			n++
		}
	}
	passed("go anthropic-sdk-go "+versionOf(t, gov1.Module), n)
	holdToContract(t)
}

// versionOf is the version of a module in the build.
func versionOf(t *testing.T, module string) string {
	t.Helper()
	dir, err := contract.ModuleDir(module)
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(dir, "@v")
	return version
}
