package netstack

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
)

// segment is a TCP packet over IPv4 without options.
func segment(from, to string, seq, ack uint32, flags header.TCPFlags) []byte {
	src, dst := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	b := make([]byte, header.IPv4MinimumSize+header.TCPMinimumSize)
	h := header.TCP(b[header.IPv4MinimumSize:])
	h.Encode(&header.TCPFields{
		SrcPort: src.Port(), DstPort: dst.Port(), SeqNum: seq, AckNum: ack, DataOffset: header.TCPMinimumSize, Flags: flags, WindowSize: 65535,
	})
	ip(b, src.Addr(), dst.Addr(), header.TCPProtocolNumber)
	pseudo := header.PseudoHeaderChecksum(header.TCPProtocolNumber, header.IPv4(b).SourceAddress(), header.IPv4(b).DestinationAddress(), header.TCPMinimumSize)
	h.SetChecksum(^h.CalculateChecksum(pseudo))
	return b
}

// ip makes the header of an IPv4 packet.
func ip(b []byte, src, dst netip.Addr, proto tcpip.TransportProtocolNumber) {
	h := header.IPv4(b)
	h.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(b)), TTL: 64, Protocol: uint8(proto),
		SrcAddr: tcpip.AddrFromSlice(src.AsSlice()), DstAddr: tcpip.AddrFromSlice(dst.AsSlice()),
	})
	h.SetChecksum(^h.CalculateChecksum())
}

func syn(t *testing.T, from, to string) []byte {
	t.Helper()
	return segment(from, to, 1, 0, header.TCPFlagSyn)
}

// handshake opens a connection by hand.
func handshake(t *testing.T, file *os.File, from, to string) {
	t.Helper()
	if _, err := file.Write(syn(t, from, to)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2000)
	if _, err := file.Read(buf); err != nil {
		t.Fatal(err)
	}
	answer := header.TCP(buf[header.IPv4MinimumSize:])
	if _, err := file.Write(segment(from, to, 2, answer.SequenceNumber()+1, header.TCPFlagAck)); err != nil {
		t.Fatal(err)
	}
}

// Nothing but TCP and UDP gets to the stack.
func TestAdmit(t *testing.T) {
	good := segment("198.18.0.2:1", "8.8.8.8:1", 1, 0, header.TCPFlagSyn)
	edit := func(at int, b ...byte) []byte {
		c := append([]byte(nil), good...)
		copy(c[at:], b)
		return c
	}
	v6 := make([]byte, 60)
	v6[0], v6[6] = 6<<4, 17
	from6, to6 := subnet.Sandbox6.As16(), netip.MustParseAddr("2001:db8::1").As16()
	copy(v6[8:], from6[:])
	copy(v6[24:], to6[:])
	to := func(a string) []byte { return segment("198.18.0.2:1", a+":1", 1, 0, header.TCPFlagSyn) }
	for name, c := range map[string]struct {
		packet []byte
		want   bool
	}{
		"TCP": {good, true}, "UDP": {edit(9, 17), true}, "not to be fragmented": {edit(6, 0x40), true}, "UDP over IPv6": {v6, true},
		"nothing": {nil, false}, "cut": {good[:19], false}, "version 5": {edit(0, 0x55), false}, "cut IPv6": {v6[:39], false},
		"ICMP": {edit(9, 1), false}, "IGMP": {edit(9, 2), false}, "IP in IP": {edit(9, 4), false}, "GRE": {edit(9, 47), false},
		"from elsewhere": {segment("198.18.0.3:1", "8.8.8.8:1", 1, 0, header.TCPFlagSyn), false},
		"to loopback":    {to("127.0.0.1"), false}, "to nobody": {to("0.0.0.0"), false}, "to all": {to("255.255.255.255"), false},
		"to many": {to("224.0.0.1"), false}, "to the cable": {to("169.254.169.254"), true},
		"to another":     {to("10.0.0.1"), true},
		"first fragment": {edit(6, 0x20), false}, "last fragment": {edit(6, 0, 5), false},
	} {
		if _, got := admit(c.packet); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, next := range []byte{0, 43, 44, 58, 60, 1} { // extension headers, ICMP
		v6[6] = next
		if _, got := admit(v6); got {
			t.Errorf("IPv6 with next header %d", next)
		}
	}
}

// datagram is a UDP packet from the sandbox.
func datagram(to string, body []byte) []byte {
	dst := netip.MustParseAddrPort(to)
	udp := make([]byte, header.UDPMinimumSize+len(body))
	copy(udp[header.UDPMinimumSize:], body)
	header.UDP(udp).Encode(&header.UDPFields{SrcPort: 999, DstPort: dst.Port(), Length: uint16(len(udp))})
	if dst.Addr().Is4() {
		b := append(make([]byte, header.IPv4MinimumSize), udp...)
		ip(b, subnet.Sandbox, dst.Addr(), header.UDPProtocolNumber)
		return b
	}
	b := append(make([]byte, header.IPv6MinimumSize), udp...)
	header.IPv6(b).Encode(&header.IPv6Fields{
		PayloadLength: uint16(len(udp)), TransportProtocol: header.UDPProtocolNumber, HopLimit: 64,
		SrcAddr: tcpip.AddrFromSlice(subnet.Sandbox6.AsSlice()), DstAddr: tcpip.AddrFromSlice(dst.Addr().AsSlice()),
	})
	h := header.UDP(b[header.IPv6MinimumSize:]) // over IPv6 the checksum must be there
	sum := header.PseudoHeaderChecksum(header.UDPProtocolNumber, header.IPv6(b).SourceAddress(), header.IPv6(b).DestinationAddress(), uint16(len(udp)))
	h.SetChecksum(^checksum.Checksum(h, sum))
	return b
}

// UDP is refused in a way that programs notice, over both versions of IP.
func TestRefusedPackets(t *testing.T) {
	ours, theirs := wire(t)
	s, err := New(ours, newFake(echo, "a.test"))
	if err != nil {
		t.Fatal(err)
	}
	s.names.addrOf(host(t, "a.test"))
	buf := make([]byte, 2000)
	for _, to := range []string{"198.18.1.1:443", "8.8.8.8:53", "198.18.0.1:5353", "[2001:db8::1]:443"} {
		sent := datagram(to, []byte("hello"))
		if _, err := theirs.Write(sent); err != nil {
			t.Fatal(err)
		}
		n, err := theirs.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got := buf[:n]
		if got[0]>>4 == 4 {
			h, body := header.IPv4(got), header.ICMPv4(got[header.IPv4MinimumSize:])
			if h.Protocol() != 1 || body.Type() != header.ICMPv4DstUnreachable || body.Code() != header.ICMPv4PortUnreachable ||
				h.SourceAddress() != header.IPv4(sent).DestinationAddress() {
				t.Errorf("%s: %x", to, got)
			}
		} else {
			h, body := header.IPv6(got), header.ICMPv6(got[header.IPv6MinimumSize:])
			if h.NextHeader() != 58 || body.Type() != header.ICMPv6DstUnreachable || body.Code() != header.ICMPv6PortUnreachable {
				t.Errorf("%s: %x", to, got)
			}
		}
	}
	mustClose(t, s)
	if err := theirs.Close(); err != nil {
		t.Error(err)
	}
}

// A flood of half-open connections doesn't keep the name server from
// answering, and is forgotten at Close.
func TestFlood(t *testing.T) {
	ours, theirs := wire(t)
	g := newFake(echo, "a.test")
	s, err := New(ours, g)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		buf := make([]byte, 2000)
		for {
			n, err := theirs.Read(buf)
			if err != nil {
				t.Error("no answer:", err)
				return
			}
			if header.IPv4(buf[:n]).TransportProtocol() == header.UDPProtocolNumber {
				return
			}
		}
	}()
	for i := range 4 * maxHandshakes {
		if _, err := theirs.Write(syn(t, fmt.Sprintf("198.18.0.2:%d", 1000+i), "8.8.8.8:80")); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.asked) > maxHandshakes {
		t.Errorf("the gate was asked %d times", len(g.asked))
	}
	q := query(t, "a.test.", dnsmessage.TypeA, false)
	b := datagram("198.18.0.1:53", q)
	if _, err := theirs.Write(b); err != nil {
		t.Fatal(err)
	}
	<-answered
	mustClose(t, s)
	if err := theirs.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzPackets gives the stack what a sandbox may send. The fuzzer's bytes are
// packets with their lengths before them; IPv4 headers and checksums are put
// right, so that they come further.
func FuzzPackets(f *testing.F) {
	one := func(b []byte) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...) }
	open := segment("198.18.0.2:1", "8.8.8.8:80", 1, 0, header.TCPFlagSyn)
	f.Add(one(open))
	f.Add(append(one(open), one(segment("198.18.0.2:1", "8.8.8.8:80", 2, 1, header.TCPFlagAck|header.TCPFlagFin))...))
	f.Add(one(segment("198.18.0.2:1", "198.18.0.1:53", 2, 1, header.TCPFlagRst)))
	f.Add([]byte("\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ours, theirs := wire(t)
		s, err := New(ours, newFake(echo))
		if err != nil {
			t.Fatal(err)
		}
		var answers sync.WaitGroup
		answers.Go(func() { _, _ = io.Copy(io.Discard, theirs) })
		for len(b) >= 2 {
			n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
			if _, err := theirs.Write(mend(b[2 : 2+n])); err != nil {
				t.Fatal(err)
			}
			b = b[2+n:]
		}
		mustClose(t, s)
		answers.Wait()
		if err := theirs.Close(); err != nil {
			t.Error(err)
		}
	})
}

// mend puts the header of an IPv4 packet and its checksums right.
func mend(b []byte) []byte {
	b = append([]byte(nil), b...)
	if len(b) == 0 {
		return []byte{0} // an empty packet would be the end
	}
	if len(b) < header.IPv4MinimumSize || b[0]>>4 != 4 {
		return b
	}
	h := header.IPv4(b)
	b[0] = 4<<4 | 5
	h.SetTotalLength(uint16(len(b)))
	h.SetChecksum(0)
	h.SetChecksum(^h.CalculateChecksum())
	if body := b[header.IPv4MinimumSize:]; h.Protocol() == 6 && len(body) >= header.TCPMinimumSize {
		t := header.TCP(body)
		t.SetChecksum(0)
		pseudo := header.PseudoHeaderChecksum(header.TCPProtocolNumber, h.SourceAddress(), h.DestinationAddress(), uint16(len(body)))
		t.SetChecksum(^checksum.Checksum(body, pseudo))
	}
	return b
}
