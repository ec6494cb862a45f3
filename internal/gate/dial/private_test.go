package dial

import (
	"net/netip"
	"testing"
)

func TestClassify(t *testing.T) {
	for addr, want := range map[string]kind{
		"8.8.8.8": public, "1.1.1.1": public, "172.15.255.255": public, "172.32.0.0": public, "100.63.255.255": public,
		"100.128.0.0": public, "11.0.0.0": public, "192.167.255.255": public, "223.255.255.255": public,
		"2606:4700:4700::1111": public, "2a00:1450:4001::1": public, "2001:200::1": public,

		"127.0.0.1": loopback, "127.255.255.254": loopback, "0.0.0.0": loopback, "0.1.2.3": loopback,
		"::": loopback, "::1": loopback,
		"10.0.0.1": private, "172.16.0.1": private, "172.31.255.255": private, "192.168.1.1": private,
		"100.64.0.1": private, "100.127.255.255": private, "fc00::1": private, "fdab::1": private, "fec0::1": private,
		"169.254.1.1": linkLocal, "fe80::1": linkLocal, "fe80::1%eth0": linkLocal,
		"224.0.0.1": multicast, "239.255.255.255": multicast, "ff02::1": multicast,
		"192.0.0.1": reserved, "192.0.2.1": reserved, "198.18.0.1": reserved, "198.19.255.255": reserved,
		"198.51.100.1": reserved, "203.0.113.1": reserved, "240.0.0.1": reserved, "255.255.255.255": reserved,
		"192.88.99.1": reserved, "2001:db8::1": reserved, "3fff::1": reserved, "5f00::1": reserved, "100::1": reserved,
		"4000::1": reserved,

		"169.254.169.254": metadata, "169.254.170.2": metadata, "fd00:ec2::254": metadata, "168.63.129.16": metadata,
		"100.100.100.200": metadata, "fd20:ce::254": metadata, "192.0.0.192": metadata,

		// the same by another road
		"::ffff:127.0.0.1": loopback, "::ffff:7f00:1": loopback, "::ffff:169.254.169.254": metadata, "::ffff:8.8.8.8": public,
		"64:ff9b::127.0.0.1": loopback, "64:ff9b::a00:1": private, "64:ff9b::169.254.169.254": metadata, "64:ff9b::8.8.8.8": public,
		"64:ff9b:1::8.8.8.8": reserved, "64:ff9b:1::10.0.0.1": reserved,
		"2002:7f00:1::": loopback, "2002:a00:1::1": private, "2002:a9fe:a9fe::": metadata, "2002:808:808::1": public,
		"2001:0:808:808::1":            reserved, // Teredo
		"::127.0.0.1":                  reserved, // IPv4-compatible
		"2606:4700::5efe:10.0.0.1":     private,
		"2606:4700::200:5efe:10.0.0.1": private,
	} {
		if got := classify(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is %q, not %q", addr, got, want)
		}
	}
	if classify(netip.Addr{}) == public {
		t.Error("no address is public")
	}
}

func TestAllow(t *testing.T) {
	for _, c := range []struct {
		allow, host, addr string
		want              bool
	}{
		{"", "h.test", "8.8.8.8", true},
		{"", "h.test", "10.0.0.1", false},
		{"0", "h.test", "10.0.0.1", false},
		{"1", "h.test", "10.0.0.1", true},
		{"1", "h.test", "::1", true},
		{"1", "h.test", "169.254.169.254", false},
		{"1", "h.test", "64:ff9b::169.254.169.254", false},
		{"1,169.254.169.254", "h.test", "169.254.169.254", false}, // "1" is no entry of a list
		{"169.254.0.0/16", "h.test", "169.254.1.1", true},
		{"169.254.0.0/16", "h.test", "169.254.169.254", false},
		{"169.254.169.254", "h.test", "169.254.169.254", true},
		{"169.254.169.254/32", "h.test", "::ffff:169.254.169.254", true},
		{"10.1.0.0/16, fd00::/8", "h.test", "10.1.2.3", true},
		{"10.1.0.0/16, fd00::/8", "h.test", "::ffff:10.1.2.3", true},
		{"10.1.0.0/16, fd00::/8", "h.test", "64:ff9b::10.1.2.3", true},
		{"10.1.0.0/16, fd00::/8", "h.test", "10.2.0.1", false},
		{"10.1.0.0/16, fd00::/8", "h.test", "fd12::1", true},
		{"10.1.0.0/16, fd00::/8", "h.test", "fd00:ec2::254", false},
		{"10.1.2.3/16", "h.test", "10.1.9.9", true},
		{"::1", "h.test", "::1", true},
		{"::1", "h.test", "127.0.0.1", false},
		{"db.corp.test,*.svc.test", "DB.corp.test.", "10.9.9.9", true},
		{"db.corp.test,*.svc.test", "a.b.svc.test", "127.0.0.1", true},
		{"db.corp.test,*.svc.test", "svc.test", "127.0.0.1", false},
		{"db.corp.test,*.svc.test", "other.test", "10.9.9.9", false},
		{"metadata.google.internal", "metadata.google.internal", "169.254.169.254", true},
		{"metadata.google.internal", "evil.test", "169.254.169.254", false},
	} {
		allow, err := ParseAllow(c.allow)
		if c.allow == "1,169.254.169.254" {
			if err == nil {
				t.Errorf("%q is accepted", c.allow)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		d := &Dialer{Allow: allow}
		err = d.check(mustHost(t, c.host), netip.AddrPortFrom(netip.MustParseAddr(c.addr), 443).String())
		if (err == nil) != c.want {
			t.Errorf("allow %q: %s at %s: %v", c.allow, c.host, c.addr, err)
		}
	}
	for _, s := range []string{"yes please", "10.0.0.0/33", "10.0.0.1/", "a.test,,b.test", "http://a.test", "::ffff:10.0.0.0/104", "127.1", "2"} {
		if _, err := ParseAllow(s); err == nil {
			t.Errorf("%q is accepted", s)
		}
	}
}

func TestParseNames(t *testing.T) {
	names, err := ParseNames("Db.test=10.0.0.5:5432, mcp.test. = [fd00::7]:8080 ,1.2.3.4=127.0.0.1:9")
	if err != nil || len(names) != 3 {
		t.Fatalf("%v, %v", names, err)
	}
	if got := names[mustHost(t, "mcp.TEST")].String(); got != "[fd00::7]:8080" {
		t.Errorf("got %s", got)
	}
	if names, err := ParseNames(" "); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
	for _, s := range []string{"a", "a=", "a=1.2.3.4", "a=1.2.3.4:0", "a=host:80", "=1.2.3.4:80", "*.a=1.2.3.4:80", "a=1.2.3.4:80,a.=1.2.3.4:81", "a=1.2.3.4:80,"} {
		if _, err := ParseNames(s); err == nil {
			t.Errorf("%q is accepted", s)
		}
	}
}
