package policy

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestParseHost(t *testing.T) {
	long := strings.Repeat("a", 63)
	for in, want := range map[string]string{
		"Example.COM": "example.com", "example.com.": "example.com", "127.0.0.1": "127.0.0.1", "127.0.0.1.": "127.0.0.1",
		"::1": "::1", "0:0:0:0:0:0:0:1": "::1", "::ffff:10.0.0.1": "10.0.0.1", "１２７.0.0.1": "127.0.0.1",
		"a-.test": "a-.test", "_dmarc.test": "_dmarc.test", "1.test": "1.test", long + ".test": long + ".test",
		"0x7f.test": "0x7f.test", "r3---sn.test": "r3---sn.test", "xn--bcher-kva.example": "xn--bcher-kva.example",
	} {
		h, err := ParseHost(in)
		if err != nil || h.String() != want {
			t.Errorf("%q: %q, %v", in, h, err)
		}
	}
	for _, in := range []string{
		"", ".", "..", "a..b", "a b", "a/b", "a:80", "[::1]", "a%41.test", "a\x00.test", "a\r\nb", "-a.test", "a.test..",
		// every other way to write 127.0.0.1
		"2130706433", "0x7f000001", "0x7F000001", "017700000001", "127.1", "127.0.1", "0x7f.0.0.1", "0177.0.0.1",
		"127.0.0.01", "127.0.0.0x1", "1.2.3.4.5", "0x", "256.256.256.256", "١٢٧.0.0.1",
		"fe80::1%eth0", "::1%25lo", long + "a.test", strings.Repeat("a.", 127) + "test", strings.Repeat("ä", 1<<16),
	} {
		if h, err := ParseHost(in); !errors.Is(err, ErrInvalidHost) {
			t.Errorf("%q is accepted as %q: %v", in, h, err)
		}
	}
}

func TestPorts(t *testing.T) {
	p, err := ParsePorts(" 80, 443 ,8000-8999")
	if err != nil {
		t.Fatal(err)
	}
	for port, want := range map[uint16]bool{80: true, 443: true, 8000: true, 8500: true, 8999: true, 7999: false, 9000: false, 0: false, 22: false} {
		if p.Contains(port) != want {
			t.Errorf("port %d: %v", port, !want)
		}
	}
	for _, s := range []string{"", ",", "80,", "0", "65536", "80-", "-80", "90-80", "http", "+80", "080", "1-2-3", "8 0"} {
		if _, err := ParsePorts(s); err == nil {
			t.Errorf("%q is accepted", s)
		}
	}
	if LimitedPorts.Contains(25) || LimitedPorts.Contains(22) || !LimitedPorts.Contains(8080) {
		t.Error("the default ports of limited networking")
	}
	if UnrestrictedPorts.Contains(25) || !UnrestrictedPorts.Contains(22) || !UnrestrictedPorts.Contains(65535) {
		t.Error("the default ports of unrestricted networking")
	}
	if !(Ports{}).IsZero() || p.IsZero() {
		t.Error("IsZero")
	}
}

// Whatever is accepted is in a form that parses to itself, that no resolver
// takes for an address unless we do, and that can't end a header line.
func FuzzParseHost(f *testing.F) {
	for _, s := range []string{"Example.COM.", "127.1", "::ffff:1.2.3.4", "bücher.example", "０x7f.1", "a\r\nb", "xn--.com", "ß.test"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseHost(s)
		if err != nil {
			if h != (Host{}) || !errors.Is(err, ErrInvalidHost) {
				t.Fatalf("%q: %v with %v", s, h, err)
			}
			return
		}
		again, err := ParseHost(h.String())
		if err != nil || again != h {
			t.Fatalf("%q becomes %q, which becomes %q, %v", s, h, again, err)
		}
		if strings.ContainsAny(h.String(), " \r\n\t/@#?%\\") {
			t.Fatalf("%q becomes %q", s, h)
		}
		if addr, err := netip.ParseAddr(h.String()); (err == nil) != h.IsLiteral() || addr != h.Addr() {
			t.Fatalf("%q: literal %v", s, h.IsLiteral())
		}
		if _, _, err := net.SplitHostPort(net.JoinHostPort(h.String(), "1")); err != nil {
			t.Fatal(err)
		}
	})
}

// A set answers as its patterns do one by one, and a wildcard matches only
// names that end in its suffix after a dot.
func FuzzMatch(f *testing.F) {
	f.Add("*.example.com", "a.example.com")
	f.Add("example.com", "EXAMPLE.com.")
	f.Add("*.com", "xcom")
	f.Add("1.2.3.4", "::ffff:1.2.3.4")
	f.Fuzz(func(t *testing.T, pattern, host string) {
		p, err := ParsePattern(pattern)
		if err != nil {
			return
		}
		h, err := ParseHost(host)
		if err != nil {
			return
		}
		set, err := NewHosts([]string{"other.test", pattern})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Match(h); got != set.Match(h) && h.String() != "other.test" {
			t.Fatalf("%q, %q: the pattern says %v, the set doesn't", pattern, host, got)
		}
		if p.Match(h) {
			suffix, wild := strings.CutPrefix(p.String(), "*")
			if wild && (!strings.HasSuffix(h.String(), suffix) || len(h.String()) <= len(suffix)) || !wild && h.String() != p.String() {
				t.Fatalf("%q matches %q", pattern, host)
			}
		}
	})
}
