package conformance

import (
	"testing"

	"github.com/ostlerdev/ostler/conformance/gov1"
	"github.com/ostlerdev/ostler/conformance/gov2"
)

func TestGoV2(t *testing.T) {
	client := gov2.NewClient(server.URL, server.Key)
	n := 0
	for _, c := range gov2.Checks() {
		if t.Run(c.Name, func(t *testing.T) { c.Run(t, client) }) {
			n++
		}
	}
	passed("go anthropic-sdk-go "+gov2.Version(), n)
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
	passed("go anthropic-sdk-go "+gov1.Version(), n)
	holdToContract(t)
}
