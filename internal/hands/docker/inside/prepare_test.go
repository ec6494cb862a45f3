//go:build linux

package inside

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree makes a directory of files ("path": "text"), links ("path": "-> target")
// and directories ("path/": "").
func tree(t *testing.T, entries map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range entries {
		full := filepath.Join(root, path)
		err := os.MkdirAll(filepath.Dir(full), 0o755)
		target, link := strings.CutPrefix(text, "-> ")
		switch {
		case err != nil:
		case strings.HasSuffix(path, "/"):
			err = os.MkdirAll(full, 0o755)
		case link:
			err = os.Symlink(target, full)
		default:
			err = os.WriteFile(full, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// read is tree's opposite, without directories.
func read(t *testing.T, root string) map[string]string {
	t.Helper()
	entries := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if e.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			entries[name] = "-> " + target
			return err
		}
		text, err := os.ReadFile(path)
		entries[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestApply(t *testing.T) {
	root := tree(t, map[string]string{
		"bin": "-> usr/bin", "usr/bin/tool": "system", "usr/bin/kept": "system", "usr/share/dir/f": "system", "usr/lib/link": "-> nowhere",
		"etc/passwd": "root:x:0:0:root:/root:/bin/bash\nagent:x:7:7::/:/bin/sh\nsome:x:4321:4321::/:/bin/sh\nlast:x:8:8::/:", "etc/hosts": "engine's",
		"etc/ssl/certs/ca-certificates.crt": "roots", "etc/gitconfig": "[a]\n",
	})
	top := tree(t, map[string]string{"usr/bin/tool": "top", "usr/new/deep/f": "top", "etc/hosts": "top's", "usr/lib/link": "linked"})
	low := tree(t, map[string]string{
		"usr/bin/tool": "low", "usr/bin/low": "low", "usr/bin/l": "-> low", "bin/": "", "bin/x": "not through a link", "usr/share/dir": "not over a directory", "run/ostler/ostler-guest": "-> /x",
		"etc/hosts": "low's", "etc/hostname": "low\n",
	})
	user := os.Getuid() // others can't be given files without being root
	if user == 0 {
		user = 4321
	}
	if err := (Order{User: user, Layers: []string{top, low}}).apply(root); err != nil {
		t.Fatal(err)
	}
	got := read(t, root)
	for path, text := range map[string]string{
		"bin": "-> usr/bin", "usr/bin/tool": "top", "usr/bin/kept": "system", "usr/bin/low": "low", "usr/bin/l": "-> low", "usr/bin/x": "",
		"usr/share/dir/f": "system", "usr/new/deep/f": "top", "usr/lib/link": "linked", "etc/hosts": "engine's", "etc/hostname": "", "run/ostler/ostler-guest": "", "run/ostler/etc/hosts": "top's", "run/ostler/etc/hostname": "low\n",
		"etc/gitconfig": "[a]\n[safe]\n\tdirectory = *\n",
	} {
		if got[path] != text {
			t.Errorf("%s: %q, want %q", path, got[path], text)
		}
	}
	if !strings.Contains(got["etc/passwd"], "\nlast:x:8:8::/:\nagent:x:") || strings.Count(got["etc/passwd"], "agent:") != 1 || user == 4321 && strings.Contains(got["etc/passwd"], "some:") {
		t.Errorf("passwd: %q", got["etc/passwd"])
	}
	for path, mode := range map[string]fs.FileMode{"/tmp": 0o777 | fs.ModeSticky, "/var/tmp": 0o777 | fs.ModeSticky, "/root": 0o700, "/home": 0o755} {
		info, err := os.Stat(filepath.Join(root, path))
		if err != nil || info.Mode().Perm()|info.Mode()&fs.ModeSticky != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestApplyAsRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("an ordinary user can't give files to root")
	}
	root := tree(t, map[string]string{"etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"})
	if err := (Order{User: 0}).apply(root); err != nil {
		t.Fatal(err)
	}
	if got := read(t, root)["etc/passwd"]; got != "root:x:0:0:root:/root:/bin/bash\n" {
		t.Errorf("root's name: %q", got)
	}
	if err := (Order{Layers: []string{root + "/none"}}).apply(root); err == nil {
		t.Error("a layer that isn't there")
	}
}

func TestCommand(t *testing.T) {
	if diff := cmp.Diff([]string{"/run/ostler/ostler-guest", "init", "1000", "true"}, Command(1000, true)); diff != "" {
		t.Error(diff)
	}
	for _, arguments := range [][]string{{"init"}, {"init", "x", "false"}, {"other"}} {
		if Main(arguments) == 0 {
			t.Errorf("%v is taken", arguments)
		}
	}
}

func TestFinish(t *testing.T) {
	for name, c := range map[string]struct{ before, after map[string]string }{
		"nothing": {
			map[string]string{"etc/hosts": "engine's"},
			map[string]string{"etc/hostname": "sandbox\n", "etc/resolv.conf": "nameserver 198.18.0.1\n", "etc/ssl/certs/ca-certificates.crt": ""},
		},
		"layers": {
			map[string]string{"etc/hosts": "engine's", "run/ostler/etc/hosts": "layer's"},
			map[string]string{"etc/hosts": "layer's", "etc/hostname": "sandbox\n"},
		},
		"an authority": {
			map[string]string{"etc/": "", "run/ostler/trust/ca.pem": "ca\n", "etc/ssl/cert.pem": "roots", "etc/pki/tls/cacert.pem": "-> ../../ssl/cert.pem"},
			map[string]string{"etc/ssl/cert.pem": "roots\nca\n", "etc/pki/tls/cacert.pem": "-> ../../ssl/cert.pem", "run/ostler/trust/bundle.pem": "roots\nca\n", "run/ostler/trust/ca.pem": "ca\n"},
		},
		"the only authority": {
			map[string]string{"etc/": "", "run/ostler/trust/ca.pem": "ca\n"},
			map[string]string{"etc/ssl/certs/ca-certificates.crt": "ca\n", "run/ostler/trust/bundle.pem": "ca\n"},
		},
	} {
		root := tree(t, c.before)
		if err := finish(root, true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := read(t, root)
		for path, text := range c.after {
			if got[path] != text {
				t.Errorf("%s: %s is %q, want %q", name, path, got[path], text)
			}
		}
	}
	if err := finish(t.TempDir()+"/none", true); err == nil {
		t.Error("a file system that isn't there")
	}
}
