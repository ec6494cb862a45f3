package gate

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// hello builds a ClientHello in one record.
func hello(extensions ...[]byte) []byte {
	body := append([]byte{3, 3}, make([]byte, 32)...) // version, random
	body = append(body, 0)                            // session id
	body = append(body, 0, 2, 0x13, 0x01)             // cipher suites
	body = append(body, 1, 0)                         // compression
	if extensions != nil {
		body = append(body, vector16(bytes.Join(extensions, nil))...)
	}
	return record(handshake(body))
}

func handshake(body []byte) []byte {
	return append([]byte{typeClientHello, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
}

func record(data []byte) []byte { return append([]byte{recordHandshake, 3, 1}, vector16(data)...) }

func vector16(data []byte) []byte {
	return append([]byte{byte(len(data) >> 8), byte(len(data))}, data...)
}

func extension(kind uint16, data []byte) []byte {
	return append([]byte{byte(kind >> 8), byte(kind)}, vector16(data)...)
}

func sni(name string) []byte {
	return vector16(append([]byte{0}, vector16([]byte(name))...))
}

// real is what Go's client sends.
func real(tb testing.TB, serverName string, protocols ...string) []byte {
	tb.Helper()
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		//nolint:gosec // it never gets to a certificate
		_ = tls.Client(theirs, &tls.Config{ServerName: serverName, NextProtos: protocols, InsecureSkipVerify: true}).Handshake()
	}()
	var b []byte
	buf := make([]byte, 4096)
	for {
		n, err := ours.Read(buf)
		if err != nil {
			tb.Fatal(err)
		}
		b = append(b, buf[:n]...)
		if _, err := parseClientHello(b); !errors.Is(err, errShort) {
			break
		}
	}
	if err := ours.Close(); err != nil {
		tb.Fatal(err)
	}
	<-done
	return b
}

func TestParseClientHello(t *testing.T) {
	full := hello(extension(43, []byte{2, 3, 4}), extension(extServerName, sni("a.test")))
	inner := full[5:]
	for _, c := range []struct {
		name string
		b    []byte
		want clientHello
		err  error
	}{
		{"real", real(t, "www.example.com"), clientHello{serverName: "www.example.com"}, nil},
		{"real without a name", real(t, ""), clientHello{}, nil},
		{"built", full, clientHello{serverName: "a.test"}, nil},
		{"followed by early data", append(bytes.Clone(full), 23, 3, 3, 0, 1, 0), clientHello{serverName: "a.test"}, nil},
		{"no extensions", hello(), clientHello{}, nil},
		{"in two records", append(record(inner[:20]), record(inner[20:])...), clientHello{serverName: "a.test"}, nil},
		{"in records of a byte", oneByOne(inner), clientHello{serverName: "a.test"}, nil},
		{"real with HTTP/2", real(t, "a.test", "h2", "http/1.1"), clientHello{serverName: "a.test"}, nil},
		{"real with HTTP/2 only", real(t, "a.test", "h2"), clientHello{serverName: "a.test", otherALPN: true}, nil},
		{"no protocols", hello(extension(extProtocols, vector16(nil))), clientHello{}, errNotHello},
		{"an empty protocol", hello(extension(extProtocols, vector16([]byte("\x00\x02h2")))), clientHello{}, errNotHello},
		{"a cut protocol", hello(extension(extProtocols, vector16([]byte("\x09h2")))), clientHello{}, errNotHello},
		{"protocols twice", hello(extension(extProtocols, vector16([]byte("\x02h2"))), extension(extProtocols, vector16([]byte("\x08http/1.1")))), clientHello{}, errNotHello},
		{"encrypted", hello(extension(extEncryptedHello, nil)), clientHello{encrypted: true}, nil},

		{"empty", nil, clientHello{}, errShort},
		{"two bytes", full[:2], clientHello{}, errShort},
		{"half", full[:len(full)/2], clientHello{}, errShort},
		{"HTTP", []byte("GET / HTTP/1.1"), clientHello{}, errNotHello},
		{"another version", []byte{recordHandshake, 2}, clientHello{}, errNotHello},
		{"an empty record", []byte{recordHandshake, 3, 1, 0, 0}, clientHello{}, errNotHello},
		{"a record too large", []byte{recordHandshake, 3, 1, 0x40, 1}, clientHello{}, errNotHello},
		{"a message too large", record([]byte{typeClientHello, 1, 0, 0}), clientHello{}, errNotHello},
		{"a server hello", record([]byte{2}), clientHello{}, errNotHello},
		{"another record between", append(record(inner[:20]), 23, 3, 3, 0, 1, 0), clientHello{}, errNotHello},
		{"two server_name extensions", hello(extension(extServerName, sni("a.test")), extension(extServerName, sni("b.test"))), clientHello{}, errNotHello},
		{"two names", hello(extension(extServerName, vector16(append(sni("a.test")[2:], sni("b.test")[2:]...)))), clientHello{}, errNotHello},
		{"an empty name", hello(extension(extServerName, sni(""))), clientHello{}, errNotHello},
		{"an empty server_name", hello(extension(extServerName, nil)), clientHello{}, errNotHello},
		{"another type of name", hello(extension(extServerName, vector16([]byte{1, 0, 1, 'a'}))), clientHello{}, errNotHello},
		{"trailing bytes in the extension", hello(extension(extServerName, append(sni("a.test"), 0))), clientHello{}, errNotHello},
		{"trailing bytes", record(handshake(append(inner[4:], 0))), clientHello{}, errNotHello},
		{"cut extension", record(handshake(inner[4 : len(inner)-1])), clientHello{}, errNotHello},
		{"no body", record(handshake(nil)), clientHello{}, errNotHello},
	} {
		got, err := parseClientHello(c.b)
		if got != c.want || !errors.Is(err, c.err) || err != nil && c.err == nil {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

func oneByOne(b []byte) (out []byte) {
	for i := range b {
		out = append(out, record(b[i:i+1])...)
	}
	return out
}

// The parser never panics, answers the same when what comes later is cut off,
// and agrees with Go's server about the name where that server accepts.
func FuzzParseClientHello(f *testing.F) {
	f.Add(hello(extension(extServerName, sni("a.test"))))
	f.Add(hello(extension(extEncryptedHello, []byte("x"))))
	f.Add(real(f, "www.example.com"))
	f.Add(real(f, "a.test", "h2"))
	f.Add(oneByOne(hello()[5:]))
	f.Add([]byte("\x16\x03\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseClientHello(b)
		if err != nil {
			if h != (clientHello{}) {
				t.Fatalf("%+v with %v", h, err)
			}
			return
		}
		for i := range min(len(b), 100) {
			if cut, err := parseClientHello(b[:i]); err == nil && cut != h {
				t.Fatalf("%d bytes say %+v, all say %+v", i, cut, h)
			}
		}
		if got, ok := goHello(b); ok && got != h {
			t.Fatalf("Go's server reads %+v, the gate %+v", got, h)
		}
	})
}

// goHello is what Go's TLS server reads, if it takes the hello.
func goHello(b []byte) (got clientHello, ok bool) {
	errSeen := errors.New("seen")
	conn := tls.Server(replay{bytes.NewReader(b)}, &tls.Config{
		GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			got.serverName, ok = h.ServerName, true
			got.otherALPN = len(h.SupportedProtos) > 0 && !slices.Contains(h.SupportedProtos, "http/1.1")
			got.encrypted = slices.Contains(h.Extensions, extEncryptedHello)
			return nil, errSeen
		},
	})
	_ = conn.Handshake()
	return got, ok
}

// replay is a connection that sends what it was given and takes anything.
type replay struct{ r io.Reader }

func (r replay) Read(p []byte) (int, error)     { return r.r.Read(p) }
func (replay) Write(p []byte) (int, error)      { return len(p), nil }
func (replay) Close() error                     { return nil }
func (replay) LocalAddr() net.Addr              { return nil }
func (replay) RemoteAddr() net.Addr             { return nil }
func (replay) SetDeadline(time.Time) error      { return nil }
func (replay) SetReadDeadline(time.Time) error  { return nil }
func (replay) SetWriteDeadline(time.Time) error { return nil }
