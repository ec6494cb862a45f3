package handstest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

// testHostileLayers shows a sandbox layers whose maker would like to be led out
// of it while its file system is built: each has a link to a directory of the
// host at a place where something else is put later.
func testHostileLayers(t *testing.T, s *suite) {
	for name, link := range map[string]string{
		"guest":        "run/ostler/ostler-guest",
		"trust":        "run/ostler/trust",
		"gate":         "run/ostler/gate",
		"volumes":      "mnt/session",
		"workspace":    "workspace",
		"memory":       "mnt/memory/store",
		"tree":         "opt/packages",
		"above a tree": "opt/deep",
		"authorities":  "etc/ssl",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := t.TempDir() // stands for /etc, a home, the data directory
			layer, store := t.TempDir(), t.TempDir()
			at := filepath.Join(layer, link)
			if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
				t.Fatal(err)
			}
			target := host
			if name == "guest" {
				target += "/made"
			}
			if err := os.Symlink(target, at); err != nil {
				t.Fatal(err)
			}
			writeFile(t, store+"/memory", "remembered\n")
			b := s.start(t, func(spec *hands.Spec) {
				spec.Mounts = []hands.Mount{{Path: "/mnt/memory/store/deep", Source: store}}
				spec.Layers = []hands.Layer{
					{System: layer}, {Tree: store, Path: "/opt/packages/deep"}, {Tree: store, Path: "/opt/deep/er/tree"},
				}
				spec.TrustedCA = newWorld(t).roots
			})
			if got := b.bash("cat /mnt/memory/store/deep/memory /opt/packages/deep/memory /opt/deep/er/tree/memory; cd /workspace && echo x > f && cat f; test -d /mnt/session/uploads && grep -c BEGIN $NODE_EXTRA_CA_CERTS"); got != "remembered\nremembered\nremembered\nx\n2\n" {
				t.Errorf("inside: %q", got)
			}
			left, err := os.ReadDir(host)
			if err != nil || len(left) > 0 {
				t.Errorf("made on the host: %v, %v", left, err)
			}
		})
	}
}
