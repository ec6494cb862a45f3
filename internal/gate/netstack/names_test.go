package netstack

import (
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
	"github.com/ostlerdev/ostler/internal/gate/policy"
)

func host(tb interface{ Fatal(...any) }, s string) policy.Host {
	h, err := policy.ParseHost(s)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// An address means the name it was given for, or nothing; never more names are
// kept than the limit, and the ones used last are among them.
func TestNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 4
		n := newNames(limit)
		given := map[netip.Addr]policy.Host{}
		var used []policy.Host // in order, without repetition
		use := func(h policy.Host) {
			kept := []policy.Host{}
			for _, u := range used {
				if u != h {
					kept = append(kept, u)
				}
			}
			used = append(kept, h)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			h := host(t, fmt.Sprintf("n%d.test", rapid.IntRange(0, 8).Draw(t, "name")))
			addr := n.addrOf(h)
			use(h)
			if before, ok := given[addr]; ok && before != h {
				t.Fatalf("%s was %s's and is %s's", addr, before, h)
			}
			given[addr] = h
			if !subnet.Names.Contains(addr) || addr == subnet.Gateway || addr == subnet.Sandbox {
				t.Fatalf("%s got %s", h, addr)
			}
			for a := range given {
				if rapid.Bool().Draw(t, "connect") {
					if got, ok := n.nameOf(a); ok {
						if got != given[a] {
							t.Fatalf("%s means %s, was given for %s", a, got, given[a])
						}
						use(got)
					}
				}
			}
			if len(n.byName) > limit || len(n.byAddr) != len(n.byName) || n.order.Len() != len(n.byName) {
				t.Fatalf("%d names, %d addresses, %d in order", len(n.byName), len(n.byAddr), n.order.Len())
			}
			for _, h := range used[max(0, len(used)-limit):] {
				if n.byName[h] == nil {
					t.Fatalf("%s was used recently and is forgotten", h)
				}
			}
		}
	})
}

// The whole range is gone through before an address is used again.
func TestNamesGoRound(t *testing.T) {
	n := newNames(2)
	first := n.addrOf(host(t, "first.test"))
	seen := map[netip.Addr]bool{first: true}
	for i := 0; ; i++ {
		a := n.addrOf(host(t, fmt.Sprintf("n%d.test", i)))
		if seen[a] {
			if a != first || len(seen) < 128<<10-2048 {
				t.Errorf("%s comes again after %d addresses", a, len(seen))
			}
			return
		}
		seen[a] = true
	}
}
