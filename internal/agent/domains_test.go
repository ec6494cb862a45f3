package agent

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func TestDomains(t *testing.T) {
	const ok = ""
	for _, c := range []struct{ entry, search, fetch string }{
		{"example.com", ok, ok},
		{"Docs.Example.COM", ok, ok},
		{"example.com/", ok, ok},
		{"www.example.co.uk", ok, ok},
		{"xn--bcher-kva.example", ok, ok},
		{"under_score.example.com", ok, ok},
		{"3com.com", ok, ok},
		{"alice.github.io", ok, ok},
		{"github.io", ok, ok}, // a hoster's suffix, not a registry's
		{"example.com/blog", ok, "has a path"},
		{"example.com/a/b.html", ok, "has a path"},
		{"example.com//", ok, "has a path"},
		{"example.com/a b", "the path of", "has a path"},
		{"example.com/a?b", "the path of", "has a path"},
		{"example.com/*", "the path of", "has a path"},
		{"", "expected 1 to 255 characters", "expected 1 to 255 characters"},
		{"/", "has a label of no", "has a label of no"},
		{"https://example.com", "has a scheme", "has a scheme"},
		{"example.com:443", "is not a plain host name", "is not a plain host name"},
		{"user@example.com", "is not a plain host name", "is not a plain host name"},
		{"[2001:db8::1]", "is not a plain host name", "is not a plain host name"},
		{"*.example.com", "has a wildcard", "has a wildcard"},
		{"exam ple.com", "is not an ASCII host name", "is not an ASCII host name"},
		{" example.com", "is not an ASCII host name", "is not an ASCII host name"},
		{"bücher.example", "is not an ASCII host name", "is not an ASCII host name"},
		{"-a.example.com", "hyphen", "hyphen"},
		{"a-.example.com", "hyphen", "hyphen"},
		{"example..com", "has a label of no", "has a label of no"},
		{"example.com.", "has a label of no", "has a label of no"},
		{strings.Repeat("a", 64) + ".com", "has a label of no", "has a label of no"},
		{"127.0.0.1", "is an IP address", "is an IP address"},
		{"2130706433", "is an IP address", "is an IP address"},
		{"0x7f.1", "is an IP address", "is an IP address"},
		{"0x7f000001", "is an IP address", "is an IP address"},
		{"0X7F.0.0.0X1", "is an IP address", "is an IP address"},
		{"0177.0.0.01", "is an IP address", "is an IP address"},
		{"127.1", "is an IP address", "is an IP address"},
		{"com", "is a single label", "is a single label"},
		{"intranet", "is a single label", "is a single label"},
		{"co.uk", "is a registry's suffix", "is a registry's suffix"},
		{"CO.UK", "is a registry's suffix", "is a registry's suffix"},
		{"localhost", "is a private name", "is a private name"},
		{"a.localhost", "is a private name", "is a private name"},
		{"printer.local", "is a private name", "is a private name"},
		{"vault.internal", "is a private name", "is a private name"},
		{"x.localdomain", "is a private name", "is a private name"},
		{"x.invalid", "is a private name", "is a private name"},
	} {
		for _, paths := range []bool{true, false} {
			want := c.fetch
			if paths {
				want = c.search
			}
			err := checkDomains("allowed_domains", []string{"first.example.com", c.entry}, paths)
			if (want == ok) != (err == nil) || !strings.Contains(text(err), want) {
				t.Errorf("%q (paths %v): %v, want %q", c.entry, paths, err, want)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "allowed_domains.1: ") {
				t.Errorf("%q: the message %q doesn't begin as the API's own", c.entry, err)
			}
		}
	}
}

func TestDomainLists(t *testing.T) {
	many := make([]string, 65)
	for i := range many {
		many[i] = fmt.Sprintf(`"d%d.example.com"`, i)
	}
	for _, c := range []struct{ in, want string }{
		{`"allowed_domains":["a.com"],"blocked_domains":["b.com"]`, "tools[0].configs[0]: Only one of allowed_domains or blocked_domains may be set."},
		{`"allowed_domains":[],"blocked_domains":["b.com"]`, "tools[0].configs[0]: Only one of allowed_domains or blocked_domains may be set."},
		{`"allowed_domains":null,"blocked_domains":["b.com"]`, ""},
		{`"allowed_domains":[]`, "tools[0].configs[0].allowed_domains: Empty list of domains is ambiguous. Provide at least one domain or null."},
		{`"blocked_domains":[]`, "tools[0].configs[0].blocked_domains: Empty list of domains is ambiguous. Provide at least one domain or null."},
		{`"blocked_domains":[` + strings.Join(many[:64], ",") + `]`, ""},
		{`"blocked_domains":[` + strings.Join(many, ",") + `]`, "tools[0].configs[0].blocked_domains: at most 64 domains, got 65"},
		{`"allowed_domains":["a.com","www.a.com"]`, ""},
		{`"allowed_domains":["a.com","A.com/"]`, `tools[0].configs[0].allowed_domains.1: "A.com/" is in the list more than once`},
	} {
		_, err := config(t, `{"name":"web_fetch",`+c.in+`}`)
		if text(err) != c.want {
			t.Errorf("%.80s: %v, want %s", c.in, err, c.want)
		}
	}
	if _, err := config(t, `{"name":"web_search","allowed_domains":["a.com/x","a.com/y","a.com/X"]}`); err != nil {
		t.Errorf("paths tell entries apart: %v", err)
	}
}

// A domain list never lets an address, a port or a second host through.
func FuzzDomains(f *testing.F) {
	for _, s := range []string{"example.com", "example.com/x", "0x7f.1", "a.b.c.d.e", "1.2.3.4", "xn--a.de", "a@b.de", "a.de:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if checkDomains("d", []string{s}, false) != nil {
			return
		}
		host := strings.TrimSuffix(s, "/")
		last := host[strings.LastIndexByte(host, '.')+1:]
		_, notNumber := strconv.ParseUint(last, 10, 64)
		if hex, ok := strings.CutPrefix(strings.ToLower(last), "0x"); ok {
			_, notNumber = strconv.ParseUint(hex, 16, 64)
		}
		if strings.ContainsAny(host, " :@[]*/\\%?#\x00") || len(host) > 255 || !strings.Contains(host, ".") || notNumber == nil {
			t.Errorf("%q passes", s)
		}
	})
}

// Whatever decodes is either refused or resolves to a form that resolves to
// itself.
func FuzzNew(f *testing.F) {
	f.Add(full)
	f.Add(`{"name":"n","model":"small","tools":[{"type":"custom","name":"a","description":"b","input_schema":{"type":"object","properties":{"x":{}}}}]}`)
	f.Add(`{"name":"n","model":{"id":"big","effort":{"type":"low"}},"skills":null,"metadata":{"a":""}}`)
	f.Fuzz(func(t *testing.T, body string) {
		var p wire.AgentParams
		if wire.Decode([]byte(body), &p) != nil {
			return
		}
		cfg, err := New(p, fakeModels{})
		if err != nil {
			return
		}
		again, err := New(decode[wire.AgentParams](t, string(wire.Encode(cfg))), fakeModels{})
		if err != nil || string(wire.Encode(again)) != string(wire.Encode(cfg)) {
			t.Errorf("%s\nresolves to %s\nand that to %s, %v", body, wire.Encode(cfg), wire.Encode(again), err)
		}
	})
}
