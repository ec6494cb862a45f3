package policy

import (
	"errors"
	"testing"
)

func mustHost(t *testing.T, s string) Host {
	t.Helper()
	h, err := ParseHost(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestPolicy(t *testing.T) {
	limited := Limited{AllowedHosts: []string{"api.example.com", "*.wild.test", "203.0.113.7", "bücher.example", "MiXed.Example."}}
	managers := limited
	managers.AllowPackageManagers = true
	mcp := Limited{MCPServers: []string{"https://mcp.example.com/mcp?key=1", "http://[2001:db8::1]:8080/"}}

	for _, c := range []struct {
		name  string
		rules Limited
		host  string
		want  bool
	}{
		{"exact", limited, "api.example.com", true},
		{"exact, other case", limited, "API.Example.COM", true},
		{"exact, trailing dot", limited, "api.example.com.", true},
		{"a subdomain of an exact host", limited, "x.api.example.com", false},
		{"the parent of an exact host", limited, "example.com", false},
		{"a longer name with the same end", limited, "notapi.example.com", false},
		{"a longer name with the same start", limited, "api.example.com.evil.test", false},
		{"below a wildcard", limited, "a.wild.test", true},
		{"deep below a wildcard", limited, "a.b.c.wild.test", true},
		{"below a wildcard, other case and dot", limited, "A.WILD.Test.", true},
		{"the suffix itself", limited, "wild.test", false},
		{"the suffix as the end of a label", limited, "evilwild.test", false},
		{"an address in the list", limited, "203.0.113.7", true},
		{"the same as mapped IPv6", limited, "::ffff:203.0.113.7", true},
		{"the same in hex groups", limited, "::ffff:cb00:7107", true},
		{"another address", limited, "203.0.113.8", false},
		{"unicode", limited, "BÜCHER.example", true},
		{"its punycode", limited, "xn--bcher-kva.example", true},
		{"its look-alike", limited, "bucher.example", false},
		{"full-width letters", limited, "ａｐｉ.example.com", true},
		{"ideographic full stop", limited, "api。example。com", true},
		{"a Cyrillic a", limited, "аpi.example.com", false},
		{"list in mixed case", limited, "mixed.example", true},
		{"registry without the switch", limited, "pypi.org", false},
		{"registry with it", managers, "pypi.org", true},
		{"registry mirror", managers, "de.archive.ubuntu.com", true},
		{"registry's parent", managers, "ubuntu.com", false},
		{"hosts stay with the switch", managers, "a.wild.test", true},
		{"MCP server", mcp, "mcp.example.com", true},
		{"MCP server by address", mcp, "2001:db8:0::1", true},
		{"beside the MCP server", mcp, "example.com", false},
		{"empty policy", Limited{}, "example.com", false},
	} {
		p, err := c.rules.Policy()
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Allows(mustHost(t, c.host)); got != c.want {
			t.Errorf("%s: %s allowed: %v", c.name, c.host, got)
		}
		if !Unrestricted().Allows(mustHost(t, c.host)) {
			t.Errorf("%s: %s refused by unrestricted", c.name, c.host)
		}
	}
	if (Policy{}).Allows(mustHost(t, "example.com")) || Unrestricted().Allows(Host{}) {
		t.Error("the zero policy or the zero host is allowed")
	}
	if Unrestricted().IsLimited() || !(Policy{}).IsLimited() {
		t.Error("IsLimited")
	}
}

func TestPolicyErrors(t *testing.T) {
	for _, l := range []Limited{
		{AllowedHosts: []string{"ok.test", "https://bad.test"}},
		{MCPServers: []string{"http://%zz/"}},
		{MCPServers: []string{"mcp.example.com/no-scheme"}},
		{MCPServers: []string{"http://0x7f.1/"}},
	} {
		if p, err := l.Policy(); err == nil || p.Allows(mustHost(t, "ok.test")) {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

func TestParsePattern(t *testing.T) {
	for in, want := range map[string]string{
		"api.example.com": "api.example.com", "*.Example.COM.": "*.example.com", "1.2.3.4": "1.2.3.4",
		"2001:DB8::1": "2001:db8::1", "my_bucket.s3.test": "my_bucket.s3.test", "localhost": "localhost",
		"*.bücher.example": "*.xn--bcher-kva.example",
	} {
		p, err := ParsePattern(in)
		if err != nil || p.String() != want {
			t.Errorf("%q: %q, %v", in, p, err)
		}
	}
	for _, in := range []string{
		"", "*", "*.", "*.*", "*.*.test", "a.*.test", "*a.test", "a*.test", "**.test", "https://a.test", "a.test:443",
		"a.test/", "a.test/path", "user@a.test", "*.1.2.3.4", "[::1]", "a b.test", "a.test?x", "-a.test", "a..test",
		".a.test", "1.2.3", "0x7f000001", "a.test\n", "fe80::1%eth0",
	} {
		if p, err := ParsePattern(in); !errors.Is(err, ErrInvalidHost) {
			t.Errorf("%q is accepted as %q: %v", in, p, err)
		}
	}
}

func TestRegistries(t *testing.T) {
	for _, manager := range []string{"apt", "cargo", "gem", "go", "npm", "pip"} {
		if len(registries[manager]) == 0 {
			t.Errorf("%s has no hosts", manager)
		}
	}
}
