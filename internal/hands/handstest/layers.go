package handstest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

// testLayers holds layers to be seen as part of the system, in order, and to
// stay as they are.
func testLayers(t *testing.T, s *suite) {
	dir := t.TempDir() + "/with:colon,comma"
	for path, text := range map[string]string{
		"tree/bin/hello":                  "#!/bin/sh\necho tree\n",
		"top/usr/bin/layered":             "#!/bin/sh\necho top\n",
		"low/usr/bin/layered":             "#!/bin/sh\necho low\n",
		"low/usr/bin/lower":               "#!/bin/sh\necho lower\n",
		"low/usr/share/layered/deep/file": "deep\n",
		"low/etc/layered.conf":            "conf\n",
		"low/etc/layered.d/a":             "a\n",
		"low/etc/hosts":                   "127.0.0.1 layered\n",
		"low/etc/ssl/certs/layered.pem":   "pem\n",
		"low/etc/os-release":              "NAME=layered\n",
		"low/var/lib/layered/state":       "state\n",
		"low/var/lib/dpkg/layered":        "dpkg\n",
		"low/brand/new/dir":               "new\n",
	} {
		writeFile(t, filepath.Join(dir, path), text)
		if strings.Contains(path, "bin/") {
			if err := os.Chmod(filepath.Join(dir, path), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	for link, target := range map[string]string{"low/etc/layered-link": "layered.conf", "low/usr/bin/linked": "lower", "low/etc/localtime": "/etc/layered.conf"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	b := s.start(t, func(spec *hands.Spec) {
		spec.Env = map[string]string{"BOTH": "spec"}
		spec.Layers = []hands.Layer{
			{System: dir + "/top", Env: map[string]string{"BOTH": "layer", "EACH": "top", "TOP": "1"}, Bin: []string{"/opt/none"}},
			{System: dir + "/low", Env: map[string]string{"EACH": "low", "LOW": "1"}},
			{Tree: dir + "/tree", Path: "/opt/layered", Bin: []string{"/opt/layered/bin"}},
		}
	})
	for command, want := range map[string]string{
		"echo $BOTH $EACH $TOP $LOW $PATH":                                        "spec top 1 1 /opt/none:/opt/layered/bin:" + hands.SystemPath + "\n",
		"hello; layered; lower; linked":                                           "tree\ntop\nlower\nlower\n",
		"cat /usr/share/layered/deep/file":                                        "deep\n",
		"cat /etc/layered.conf /etc/layered-link /etc/layered.d/a /etc/localtime": "conf\nconf\na\nconf\n",
		"cat /etc/hosts /etc/ssl/certs/layered.pem /etc/os-release":               "127.0.0.1 layered\npem\nNAME=layered\n",
		"cat /var/lib/layered/state /brand/new/dir":                               "state\nnew\n",
		"ls -1 /usr/bin/env /etc/passwd":                                          "/etc/passwd\n/usr/bin/env\n",
		"touch /opt/layered/x 2>/dev/null || echo read-only":                      "read-only\n",
	} {
		if got := b.bash(command); got != want {
			t.Errorf("%s\n got %q\nwant %q", command, got, want)
		}
	}
	if _, err := os.Stat("/var/lib/dpkg/status"); err == nil {
		if got := b.bash("cat /var/lib/dpkg/layered; wc -l < /var/lib/dpkg/status"); !strings.HasPrefix(got, "dpkg\n") || got == "dpkg\n0\n" {
			t.Errorf("dpkg's state: %q", got)
		}
	}
	// Where the system can be written, the layer below stays as it is.
	b.bash("echo x > /usr/bin/layered; rm -f /usr/bin/lower; echo x > /etc/layered.conf; true")
	for path, want := range map[string]string{"top/usr/bin/layered": "#!/bin/sh\necho top\n", "low/usr/bin/lower": "#!/bin/sh\necho lower\n", "low/etc/layered.conf": "conf\n"} {
		if got, err := os.ReadFile(filepath.Join(dir, path)); err != nil || string(got) != want {
			t.Errorf("%s became %q, %v", path, got, err)
		}
	}
	for name, layer := range map[string]hands.Layer{
		"nothing":         {},
		"a relative tree": {Tree: "x", Path: "/opt/x"},
		"a detour":        {System: "/a/../b"},
		"over the system": {Tree: dir, Path: "/usr/x"},
		"two in PATH":     {Tree: dir, Path: "/opt/x", Bin: []string{"/a:/b"}},
		"no variable":     {Tree: dir, Path: "/opt/x", Env: map[string]string{"A=B": "c"}},
	} {
		if sandbox, err := s.driver.Start(t.Context(), hands.Spec{ID: newID(), Dir: t.TempDir(), Layers: []hands.Layer{layer}}); err == nil {
			t.Errorf("%s: no error", name)
			_ = sandbox.Close(noContext)
		}
	}
}
