package layers

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestParseRegistries(t *testing.T) {
	r, err := ParseRegistries([]string{
		"pip=https://pypi.mirror.test/simple", "apt=deb [arch=amd64,arm64] http://deb.mirror.test/debian bookworm main",
		"apt=deb https://sec.mirror.test/debian-security bookworm-security main", "go=https://go.mirror.test,https://go2.mirror.test|direct",
		"cargo=sparse+https://crates.mirror.test/index/",
	})
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := r.hosts()
	slices.Sort(hosts)
	want := []string{"crates.mirror.test", "deb.mirror.test", "go.mirror.test", "go2.mirror.test", "pypi.mirror.test", "sec.mirror.test"}
	if err != nil || !slices.Equal(hosts, want) {
		t.Errorf("hosts %v, %v", hosts, err)
	}
	if strings.Count(r["apt"], "\n") != 1 {
		t.Errorf("apt %q", r["apt"])
	}
	for _, bad := range []string{"pip", "pip=", "yum=https://x.test", "pip=x.test", "npm=ftp://x.test", "npm=https://u:p@x.test/", "=https://x.test"} {
		if _, err := ParseRegistries([]string{bad}); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func allowed(t *testing.T, s *Store, n *wire.Networking, name string) bool {
	t.Helper()
	p, err := s.out(n)
	if err != nil {
		t.Fatal(err)
	}
	h, err := policy.ParseHost(name)
	if err != nil {
		t.Fatal(err)
	}
	return p.Allows(h)
}

// The registries are open to a setup sandbox whatever its environment may
// reach, and nothing else that isn't.
func TestWayOut(t *testing.T) {
	s := &Store{hosts: []string{"mirror.test"}}
	limited := &wire.Networking{Type: wire.TypeLimited, LimitedNetwork: &wire.LimitedNetwork{AllowedHosts: []string{"own.test"}}}
	for name, want := range map[string]bool{"mirror.test": true, "pypi.org": true, "registry.npmjs.org": true, "own.test": true, "else.test": false} {
		if got := allowed(t, s, limited, name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, n := range []*wire.Networking{nil, {Type: wire.TypeUnrestricted}} {
		if !allowed(t, s, n, "else.test") {
			t.Error("unrestricted networking is limited")
		}
	}
	if len(limited.AllowedHosts) != 1 {
		t.Error("the environment was changed")
	}
}

func TestAccounts(t *testing.T) {
	etc := t.TempDir()
	if err := baseUsers(etc); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"passwd", "group"} {
		body, err := os.ReadFile(filepath.Join(etc, name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(body), "root:x:0:") {
			t.Errorf("%s begins with %.30q", name, body)
		}
		for line := range strings.Lines(string(body)) {
			f := strings.Split(strings.TrimSpace(line), ":")
			if f[1] != "x" || name == "group" && f[3] != "" || len(f[2]) > 3 && f[2] != "65534" {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}

func TestConfigWithPasswordsStaysOutside(t *testing.T) {
	dir := t.TempDir()
	s := &Store{}
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want bool
	}{
		"sources.list.d/ok.list":     {"deb http://mirror.test/debian stable main\n", 0o644, true},
		"sources.list.d/secret.list": {"deb https://user:pass@secret.test/debian stable main\n", 0o644, false},
		"sources.list.d/closed.list": {"deb http://closed.test/ x y\n", 0o600, false},
		"sources.list.d/ok.sources":  {"Types: deb\nURIs: https://other.test/debian\nSuites: stable\n", 0o644, true},
	} {
		file := filepath.Join(dir, "from", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := s.copyConfig(filepath.Join(dir, "from"), name, filepath.Join(dir, "to")); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "to", name)); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	slices.Sort(s.hosts)
	if !slices.Equal(s.hosts, []string{"mirror.test", "other.test"}) {
		t.Errorf("hosts %v", s.hosts)
	}
}
