package netstack

import (
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/ostlerdev/ostler/internal/gate/netstack/subnet"
)

// query makes a query, with EDNS if extended.
func query(tb testing.TB, name string, typ dnsmessage.Type, extended bool, edit ...func(*dnsmessage.Message)) []byte {
	tb.Helper()
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: typ, Class: dnsmessage.ClassINET}},
	}
	if extended {
		var h dnsmessage.ResourceHeader
		if err := h.SetEDNS0(4096, 0, false); err != nil {
			tb.Fatal(err)
		}
		m.Additionals = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.OPTResource{}}}
	}
	for _, e := range edit {
		e(&m)
	}
	b, err := m.Pack()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func parse(tb testing.TB, b []byte) dnsmessage.Message {
	tb.Helper()
	var m dnsmessage.Message
	if err := m.Unpack(b); err != nil {
		tb.Fatalf("%x: %v", b, err)
	}
	return m
}

func TestAnswer(t *testing.T) {
	s := &Stack{gate: newFake(nil, "a.test", "b.test"), names: newNames(10)}
	first := "198.18.1.1"
	for _, c := range []struct {
		name  string
		typ   dnsmessage.Type
		code  dnsmessage.RCode
		wants string // address
	}{
		{"a.test.", dnsmessage.TypeA, 0, first},
		{"A.Test.", dnsmessage.TypeA, 0, first},
		{"a.test.", dnsmessage.TypeALL, 0, first},
		{"b.test.", dnsmessage.TypeA, 0, "198.18.1.2"},
		{"a.test.", dnsmessage.TypeAAAA, 0, ""},
		{"a.test.", dnsmessage.TypeMX, 0, ""},
		{"a.test.", dnsmessage.TypeTXT, 0, ""},
		{"a.test.", dnsmessage.Type(65), 0, ""}, // HTTPS
		{"evil.test.", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"evil.test.", dnsmessage.TypeTXT, dnsmessage.RCodeNameError, ""},
		{"x.a.test.", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"localhost.", dnsmessage.TypeA, 0, "127.0.0.1"},
		{"x.localhost.", dnsmessage.TypeA, 0, "127.0.0.1"},
		{"localhost.", dnsmessage.TypeAAAA, 0, ""},
		{"1.2.3.4.", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"2130706433.", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"a b.test.", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{".", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"1.1.18.198.in-addr.arpa.", dnsmessage.TypePTR, dnsmessage.RCodeNameError, ""},
	} {
		for _, extended := range []bool{false, true} {
			m := parse(t, s.answer(query(t, c.name, c.typ, extended)))
			var got string
			for _, a := range m.Answers {
				got += netip.AddrFrom4(a.Body.(*dnsmessage.AResource).A).String()
			}
			if m.RCode != c.code || got != c.wants || m.ID != 7 || !m.Response || !m.RecursionAvailable || !m.RecursionDesired {
				t.Errorf("%s %s: %v %q, want %v %q (%+v)", c.name, c.typ, m.RCode, got, c.code, c.wants, m.Header)
			}
			if len(m.Questions) != 1 || m.Questions[0].Name.String() != c.name {
				t.Errorf("%s: asked back %v", c.name, m.Questions)
			}
			if (len(m.Additionals) == 1) != extended {
				t.Errorf("%s: additional records %v", c.name, m.Additionals)
			}
		}
	}
	m := parse(t, s.answer(query(t, "evil.test.", dnsmessage.TypeA, true)))
	options := m.Additionals[0].Body.(*dnsmessage.OPTResource).Options
	if len(options) != 1 || options[0].Code != 15 || string(options[0].Data) != "\x00\x0f"+errFake.Error() {
		t.Errorf("the reason: %v", options)
	}
}

func TestAnswerToOddities(t *testing.T) {
	s := &Stack{gate: newFake(nil, "a.test"), names: newNames(10)}
	whole := query(t, "a.test.", dnsmessage.TypeA, false)
	for name, c := range map[string]struct {
		query []byte
		code  dnsmessage.RCode
	}{
		"two questions": {query(t, "a.test.", dnsmessage.TypeA, false, func(m *dnsmessage.Message) {
			m.Questions = append(m.Questions, m.Questions[0])
		}), dnsmessage.RCodeFormatError},
		"no question": {query(t, "a.test.", dnsmessage.TypeA, false, func(m *dnsmessage.Message) { m.Questions = nil }), dnsmessage.RCodeFormatError},
		"update":      {query(t, "a.test.", dnsmessage.TypeA, false, func(m *dnsmessage.Message) { m.OpCode = 5 }), dnsmessage.RCodeNotImplemented},
		"chaos": {query(t, "version.bind.", dnsmessage.TypeTXT, false, func(m *dnsmessage.Message) {
			m.Questions[0].Class = dnsmessage.ClassCHAOS
		}), dnsmessage.RCodeRefused},
		"cut": {whole[:len(whole)-1], dnsmessage.RCodeFormatError},
	} {
		if m := parse(t, s.answer(c.query)); m.RCode != c.code || len(m.Answers) != 0 {
			t.Errorf("%s: %v", name, m.GoString())
		}
	}
	for name, q := range map[string][]byte{
		"nothing":   nil,
		"garbage":   []byte("garbage"),
		"an answer": query(t, "a.test.", dnsmessage.TypeA, false, func(m *dnsmessage.Message) { m.Response = true }),
	} {
		if got := s.answer(q); got != nil {
			t.Errorf("%s is answered: %x", name, got)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(query(f, "a.test.", dnsmessage.TypeA, true))
	f.Add(query(f, "evil.test.", dnsmessage.TypeALL, true))
	f.Add(query(f, "localhost.", dnsmessage.TypeA, false))
	f.Fuzz(func(t *testing.T, q []byte) {
		s := &Stack{gate: newFake(nil, "a.test"), names: newNames(10)}
		answer := s.answer(q)
		if answer == nil {
			return
		}
		m := parse(t, answer)
		if !m.Response || len(answer) > maxQuery || s.answer(answer) != nil {
			t.Errorf("%x: %s", q, m.GoString())
		}
		for _, a := range m.Answers {
			addr := netip.AddrFrom4(a.Body.(*dnsmessage.AResource).A)
			if name := strings.ToLower(a.Header.Name.String()); name != "a.test." && !strings.HasSuffix(name, "localhost.") {
				t.Errorf("%s has an address", name)
			}
			if !subnet.Names.Contains(addr) && !addr.IsLoopback() {
				t.Errorf("address %s", addr)
			}
		}
	})
}

// The name server answers over UDP and TCP, many times over one connection.
func TestNameServer(t *testing.T) {
	_, b := start(t, newFake(nil, "a.test"))
	q := query(t, "a.test.", dnsmessage.TypeA, false)
	u := b.packets("198.18.0.1:53")
	c := b.mustDial("198.18.0.1:53")
	for range 3 {
		if _, err := u.Write(q); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 512)
		n, err := u.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if m := parse(t, buf[:n]); len(m.Answers) != 1 {
			t.Errorf("over UDP: %s", m.GoString())
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf[:2]); err != nil {
			t.Fatal(err)
		}
		over := buf[:binary.BigEndian.Uint16(buf)]
		if _, err := io.ReadFull(c, over); err != nil {
			t.Fatal(err)
		}
		if m := parse(t, over); len(m.Answers) != 1 {
			t.Errorf("over TCP: %s", m.GoString())
		}
	}
	for name, bad := range map[string]string{"too long": "\xff\xff", "garbage": "\x00\x03abc"} {
		c := b.mustDial("198.18.0.1:53")
		if _, err := c.Write([]byte(bad)); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
}

// Connections to the name server are few.
func TestNameServerLimit(t *testing.T) {
	_, b := start(t, newFake(nil))
	for range maxStreams {
		b.mustDial("198.18.0.1:53")
	}
	if _, err := b.dial(t.Context(), "198.18.0.1:53"); err == nil {
		t.Error("one more than the limit")
	}
}
