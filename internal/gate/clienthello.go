package gate

import (
	"errors"
	"slices"
)

// clientHello is what the gate reads of a TLS ClientHello.
type clientHello struct {
	serverName string // "" if none is given
	encrypted  bool   // it has an encrypted_client_hello extension
	otherALPN  bool   // it names protocols to speak inside, and HTTP/1.1 isn't one
}

// Errors of parseClientHello.
var (
	errShort    = errors.New("the ClientHello isn't complete")
	errNotHello = errors.New("not a TLS ClientHello")
)

// Numbers of RFC 8446, RFC 7301 and RFC 9849.
const (
	recordHandshake   = 22
	typeClientHello   = 1
	extServerName     = 0
	extProtocols      = 16
	extEncryptedHello = 0xfe0d
	maxRecord         = 16 << 10 // bytes
)

// parseClientHello reads the ClientHello at the start of a TLS stream, which
// may be spread over several records. It returns errShort if b ends before the
// message does, and errNotHello if it is none, is malformed, or says things
// twice that may be said once.
func parseClientHello(b []byte) (clientHello, error) {
	var msg []byte
	for len(b) > 0 && !isWhole(msg) {
		if b[0] != recordHandshake || len(b) > 1 && b[1] != 3 {
			return clientHello{}, errNotHello
		}
		if len(b) < 5 {
			return clientHello{}, errShort
		}
		size := int(b[3])<<8 | int(b[4])
		if size == 0 || size > maxRecord {
			return clientHello{}, errNotHello
		}
		end := min(5+size, len(b))
		msg = append(msg, b[5:end]...)
		b = b[end:]
	}
	switch {
	case len(msg) > 0 && msg[0] != typeClientHello, len(msg) >= 4 && messageSize(msg) > maxHead:
		return clientHello{}, errNotHello
	case !isWhole(msg):
		return clientHello{}, errShort
	}
	return parseHelloBody(msg[4 : 4+messageSize(msg)])
}

// messageSize is the length, in bytes, that a handshake message gives itself.
func messageSize(msg []byte) int { return int(msg[1])<<16 | int(msg[2])<<8 | int(msg[3]) }

func isWhole(msg []byte) bool { return len(msg) >= 4 && len(msg)-4 >= messageSize(msg) }

// parseHelloBody reads the message without its type and length.
func parseHelloBody(b []byte) (clientHello, error) {
	r := reader{b: b}
	r.take(2 + 32) // version, random
	r.vector(1)    // session id
	r.vector(2)    // cipher suites
	r.vector(1)    // compression methods
	if r.bad {
		return clientHello{}, errNotHello
	}
	var h clientHello
	if len(r.b) == 0 {
		return h, nil // as before TLS 1.2
	}
	extensions := reader{b: r.vector(2)}
	if r.bad || len(r.b) != 0 {
		return clientHello{}, errNotHello
	}
	named, negotiates := false, false
	for len(extensions.b) > 0 {
		kind, data := extensions.uint16(), extensions.vector(2)
		if extensions.bad {
			return clientHello{}, errNotHello
		}
		switch kind {
		case extServerName:
			name, ok := parseServerName(data)
			if !ok || named {
				return clientHello{}, errNotHello
			}
			h.serverName, named = name, true
		case extEncryptedHello:
			h.encrypted = true
		case extProtocols:
			names, ok := parseProtocols(data)
			if !ok || negotiates {
				return clientHello{}, errNotHello
			}
			h.otherALPN, negotiates = !slices.Contains(names, http1[0]), true
		}
	}
	return h, nil
}

// parseServerName reads a server_name extension (RFC 6066 section 3): a list
// that holds exactly one name, of type host_name.
func parseServerName(b []byte) (string, bool) {
	r := reader{b: b}
	list := reader{b: r.vector(2)}
	kind := list.take(1)
	name := list.vector(2)
	ok := !r.bad && !list.bad && len(r.b) == 0 && len(list.b) == 0 && kind[0] == 0 && len(name) > 0
	return string(name), ok
}

// parseProtocols reads an application_layer_protocol_negotiation extension
// (RFC 7301 section 3.1): a list of at least one name.
func parseProtocols(b []byte) (names []string, ok bool) {
	r := reader{b: b}
	list := reader{b: r.vector(2)}
	for !list.bad && len(list.b) > 0 {
		names = append(names, string(list.vector(1)))
	}
	return names, !r.bad && len(r.b) == 0 && !list.bad && len(names) > 0 && !slices.Contains(names, "")
}

// reader takes things off the front of b; bad says that there was less than
// was asked for, and then nothing more comes.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || len(r.b) < n {
		r.bad = true
		return nil
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) uint16() uint16 {
	b := r.take(2)
	if r.bad {
		return 0
	}
	return uint16(b[0])<<8 | uint16(b[1])
}

// vector takes a length of 1 or 2 bytes and that many bytes.
func (r *reader) vector(lengthBytes int) []byte {
	n := 0
	for _, c := range r.take(lengthBytes) {
		n = n<<8 | int(c)
	}
	if r.bad {
		return nil
	}
	return r.take(n)
}
