package namespace_test

import (
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/handstest"
	"github.com/ostlerdev/ostler/internal/hands/namespace"
)

func open(stateDir, rootfs string) (hands.Driver, error) {
	return namespace.New(namespace.Options{StateDir: stateDir, Rootfs: rootfs})
}

func TestMain(m *testing.M) { handstest.Main(m, open) }

func TestConformance(t *testing.T) { handstest.Run(t, open) }

func TestWithoutDevice(t *testing.T) { handstest.RunWithoutDevice(t, open) }

func BenchmarkDriver(b *testing.B) { handstest.Bench(b, open) }
