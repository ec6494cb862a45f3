package netstack

import (
	"encoding/binary"
	"io"
	"net/netip"
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
)

// link is the interface between the stack and the file that packets come from
// and go to. If the sandbox doesn't take packets for a while the stack waits.
type link struct {
	file io.ReadWriter
	all  bool // for tests: the sandbox's end gets to see all packets

	mu         sync.RWMutex
	dispatcher stack.NetworkDispatcher
}

var _ stack.LinkEndpoint = (*link)(nil)

// read hands packets to the stack until the file ends or is closed.
func (l *link) read() {
	buf := make([]byte, subnet.MTU) // what is larger is cut, and then refused
	for {
		n, err := l.file.Read(buf)
		if err != nil {
			return
		}
		proto, ok := admit(buf[:n])
		if !ok && !l.all {
			continue
		}
		l.mu.RLock()
		d := l.dispatcher
		l.mu.RUnlock()
		if d == nil {
			return
		}
		pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{
			Payload: buffer.MakeWithView(buffer.NewViewWithData(buf[:n])),
		})
		d.DeliverNetworkPacket(proto, pkt)
		pkt.DecRef()
	}
}

// admit says which packets the stack gets to see: whole TCP and UDP packets
// without extension headers, from the sandbox's own address, to an address that
// can be somebody's. Fragments, which would have to be kept until the others
// come, are not among them; programs send none, because the gateway is the only
// hop and its MTU is theirs.
func admit(b []byte) (tcpip.NetworkProtocolNumber, bool) {
	switch {
	case len(b) >= header.IPv4MinimumSize && b[0]>>4 == 4:
		const more, offset = 0x2000, 0x1fff
		whole := binary.BigEndian.Uint16(b[6:])&(more|offset) == 0
		from, to := netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
		return header.IPv4ProtocolNumber, whole && carries(b[9]) && from == subnet.Sandbox && isHost(to)
	case len(b) >= header.IPv6MinimumSize && b[0]>>4 == 6:
		from, to := netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
		return header.IPv6ProtocolNumber, carries(b[6]) && from == subnet.Sandbox6 && isHost(to)
	}
	return 0, false
}

// carries says whether a protocol is TCP or UDP.
func carries(p uint8) bool {
	return p == uint8(header.TCPProtocolNumber) || p == uint8(header.UDPProtocolNumber)
}

// isHost says whether an address can be that of another machine.
func isHost(a netip.Addr) bool {
	inner := a.Unmap()
	if inner.Is4() {
		// Not multicast and what comes after it, with broadcast. Link-local
		// addresses are for the gate to refuse: cloud metadata is there.
		return !inner.IsLoopback() && !inner.IsUnspecified() && inner.As4()[0] < 224
	}
	return !inner.IsLoopback() && !inner.IsUnspecified() && !inner.IsMulticast() && !inner.IsLinkLocalUnicast()
}

// scratch are what packets are put together in.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// WritePackets implements [stack.LinkWriter].
func (l *link) WritePackets(pkts stack.PacketBufferList) (int, tcpip.Error) {
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	for _, pkt := range pkts.AsSlice() {
		*buf = (*buf)[:0]
		for _, part := range pkt.AsSlices() {
			*buf = append(*buf, part...)
		}
		_, _ = l.file.Write(*buf) // a packet that can't be sent is lost, and that is for TCP to notice
	}
	return pkts.Len(), nil
}

// Attach implements [stack.NetworkLinkEndpoint].
func (l *link) Attach(d stack.NetworkDispatcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dispatcher = d
}

// IsAttached implements [stack.NetworkLinkEndpoint].
func (l *link) IsAttached() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.dispatcher != nil
}

// The rest is what an interface without a hardware address says.

// MTU implements [stack.NetworkLinkEndpoint].
func (*link) MTU() uint32 { return subnet.MTU }

// SetMTU implements [stack.NetworkLinkEndpoint].
func (*link) SetMTU(uint32) {}

// MaxHeaderLength implements [stack.NetworkLinkEndpoint].
func (*link) MaxHeaderLength() uint16 { return 0 }

// LinkAddress implements [stack.NetworkLinkEndpoint].
func (*link) LinkAddress() tcpip.LinkAddress { return "" }

// SetLinkAddress implements [stack.NetworkLinkEndpoint].
func (*link) SetLinkAddress(tcpip.LinkAddress) {}

// Capabilities implements [stack.NetworkLinkEndpoint].
func (*link) Capabilities() stack.LinkEndpointCapabilities { return 0 }

// ARPHardwareType implements [stack.NetworkLinkEndpoint].
func (*link) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareNone }

// AddHeader implements [stack.NetworkLinkEndpoint].
func (*link) AddHeader(*stack.PacketBuffer) {}

// ParseHeader implements [stack.NetworkLinkEndpoint].
func (*link) ParseHeader(*stack.PacketBuffer) bool { return true }

// Wait implements [stack.NetworkLinkEndpoint].
func (*link) Wait() {}

// Close implements [stack.NetworkLinkEndpoint].
func (*link) Close() {}

// SetOnCloseAction implements [stack.NetworkLinkEndpoint].
func (*link) SetOnCloseAction(func()) {}
