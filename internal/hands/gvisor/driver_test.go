package gvisor_test

import (
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/gvisor"
	"github.com/ostlerdev/ostler/internal/hands/handstest"
)

func open(stateDir, rootfs string) (hands.Driver, error) {
	return gvisor.New(gvisor.Options{StateDir: stateDir, Rootfs: rootfs})
}

func TestMain(m *testing.M) { handstest.Main(m, open) }

func TestConformance(t *testing.T) { handstest.Run(t, open) }

func BenchmarkDriver(b *testing.B) { handstest.Bench(b, open) }
