// Package handstest is the conformance suite of sandbox drivers: what the
// agent sees of the tools, what the host sees of the sandbox, what must not get
// through, and that nothing stays behind. Every driver passes all of it, as
// root and as an ordinary user.
//
// A driver's test calls [Main] from TestMain, because the test binary is also
// the launcher, the guest and the programs that attack from inside, and [Run]
// from a test.
package handstest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/roles"
)

// New makes the driver under test, with the host's system or that of a root
// file system directory. It may be called in another process than the test's.
type New func(stateDir, rootfs string) (hands.Driver, error)

// Main is what TestMain must do. It doesn't return.
func Main(m *testing.M, driver New) {
	roles.Dispatch()
	switch filepath.Base(os.Args[0]) {
	case insideName:
		os.Exit(inside(os.Args[1:]))
	case serverName:
		os.Exit(serve(driver, os.Args[1:]))
	case ordinaryName:
		fmt.Fprintln(os.Stderr, becomeOrdinary())
		os.Exit(1)
	}
	Exit(m)
}

// Exit runs the tests and exits; goroutines that are left are a failure.
func Exit(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(
			// The thread that starts sandboxes must outlive them all.
			goleak.IgnoreTopFunction("github.com/ostlerdev/ostler/internal/hands/box.init.func1.1"),
			goleak.IgnoreTopFunction("github.com/ostlerdev/ostler/internal/hands/box.init.func1"),
			// Idle connections to a container engine.
			goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
			goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// Run runs the suite as the user of the process, and if that is root, in
// another process as an ordinary user too.
func Run(t *testing.T, driver New) {
	if os.Geteuid() != 0 {
		NeedNamespaces(t)
		runSuite(t, driver)
		t.Run("as root", func(t *testing.T) { t.Skip("the tests are not run as root") })
		return
	}
	t.Run("as root", func(t *testing.T) { runSuite(t, driver) })
	t.Run("as user", func(t *testing.T) { asUser(t) })
}

// suite is what the tests share.
type suite struct {
	driver   hands.Driver
	newOne   New
	stateDir string
}

func runSuite(t *testing.T, driver New) {
	s := &suite{newOne: driver, stateDir: t.TempDir()}
	d, err := driver(s.stateDir, "")
	if err != nil {
		t.Fatal(err)
	}
	s.driver = d
	if err := d.Sweep(t.Context()); err != nil {
		t.Fatal("Sweep of nothing:", err)
	}
	if err := d.Probe(t.Context(), t.TempDir()); err != nil {
		t.Fatal("Probe:", err)
	}
	t.Run("group", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, *suite){
			"bash": testBash, "files": testFiles, "search": testSearch, "media": testMedia, "large": testLarge,
			"shell": testShell, "order": testOrder, "cancel": testCancel, "background": testBackground,
			"memory": testMemory, "processes": testProcesses, "disk": testDisk, "file size": testFileSize,
			"volumes": testVolumes, "links": testLinks, "environment": testEnvironment,
			"programs": testPrograms, "network": testNetwork, "gate": testGate, "transparent": testTransparent,
			"lost": testLost, "close": testClose, "start": testStart, "crash": testCrash,
			"hostile": testHostile, "hostile layers": testHostileLayers, "hostile disk": testHostileDisk,
			"rootfs": testRootfs, "layers": testLayers, "trust": testTrust, "apt": testApt, "apt rootfs": testAptRootfs,
			"suspend": testSuspend, "suspend network": testSuspendNetwork, "checkpoint": testCheckpoint,
			"adopt": testAdopt, "adopt refuses": testAdoptRefuses, "full disk": testFullDisk, "shelf": testShelf, "shelf refuses": testShelfRefuses,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, s)
			})
		}
	})
	s.nothingLeft(t)
}
