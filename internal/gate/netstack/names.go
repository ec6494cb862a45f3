package netstack

import (
	"container/list"
	"encoding/binary"
	"net/netip"
	"sync"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// maxNames bounds the names that a sandbox can reach at one time. The one that
// wasn't asked for or connected to for longest makes room.
const maxNames = 4096

// names gives addresses to names. An address that was taken from a name is
// not given to another before the whole range has been gone through, so a
// program that kept it reaches nothing rather than something else.
type names struct {
	limit int

	mu     sync.Mutex
	byName map[policy.Host]*list.Element
	byAddr map[netip.Addr]*list.Element
	order  list.List // of entry; the front was used last
	next   uint32    // offset in subnet.Names
}

type entry struct {
	host policy.Host
	addr netip.Addr
}

// firstName is the first offset that names get: what is below is the
// gateway's, the sandbox's, and left free.
const firstName = 256

func newNames(limit int) *names {
	return &names{limit: limit, byName: map[policy.Host]*list.Element{}, byAddr: map[netip.Addr]*list.Element{}, next: firstName}
}

// addrOf is the address of a name, which gets one if it has none.
func (n *names) addrOf(h policy.Host) netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e := n.byName[h]; e != nil {
		n.order.MoveToFront(e)
		return e.Value.(entry).addr
	}
	for len(n.byName) >= n.limit {
		oldest := n.order.Remove(n.order.Back()).(entry)
		delete(n.byName, oldest.host)
		delete(n.byAddr, oldest.addr)
	}
	e := n.order.PushFront(entry{h, n.free()})
	n.byName[h], n.byAddr[e.Value.(entry).addr] = e, e
	return e.Value.(entry).addr
}

// free is the next address that no name has. There is one, as limit is less
// than the range.
func (n *names) free() netip.Addr {
	size := uint32(1) << (32 - subnet.Names.Bits())
	base := subnet.Names.Addr().As4()
	for {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], binary.BigEndian.Uint32(base[:])+n.next)
		if n.next++; n.next == size {
			n.next = firstName
		}
		addr := netip.AddrFrom4(a)
		// Some programs take the ends of a network of 256 for special.
		if n.byAddr[addr] == nil && a[3] != 0 && a[3] != 255 {
			return addr
		}
	}
}

// nameOf is the name that has an address.
func (n *names) nameOf(a netip.Addr) (policy.Host, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.byAddr[a]
	if e == nil {
		return policy.Host{}, false
	}
	n.order.MoveToFront(e)
	return e.Value.(entry).host, true
}
