package gate

import (
	"errors"
	"strings"
)

// proto is what the first bytes in a tunnel look like.
type proto int

const (
	protoOther proto = iota
	protoTLS
	protoHTTP
)

// maxMethod is the longest method, in bytes, that is taken for HTTP.
const maxMethod = 20

// sniff looks at the first bytes that a client sends, without taking them, and
// waits for as many as it needs. The error is the connection's.
func (c *client) sniff() (proto, clientHello, error) {
	hello, isTLS, err := c.sniffTLS()
	switch {
	case err != nil:
		return protoOther, clientHello{}, err
	case isTLS:
		return protoTLS, hello, nil
	}
	for need := 1; ; need++ {
		b, err := c.br.Peek(need)
		if err != nil {
			return protoOther, clientHello{}, err
		}
		if p, more := sniffHTTP(b); !more {
			return p, clientHello{}, nil
		}
	}
}

// sniffOpen is sniff where other protocols are allowed: HTTP is only what
// begins with the whole first line of a request, as far as its version.
func (c *client) sniffOpen() (proto, clientHello, error) {
	hello, isTLS, err := c.sniffTLS()
	switch {
	case err != nil:
		return protoOther, clientHello{}, err
	case isTLS:
		return protoTLS, hello, nil
	}
	for need := 1; ; {
		if _, err := c.br.Peek(need); err != nil {
			return protoOther, clientHello{}, err
		}
		b, err := c.br.Peek(c.br.Buffered())
		if err != nil {
			return protoOther, clientHello{}, err
		}
		if p, more := sniffLine(b); !more || len(b) == c.br.Size() {
			return p, clientHello{}, nil
		}
		need = len(b) + 1
	}
}

// sniffLine says whether b begins with the first line of an HTTP/1 request.
func sniffLine(b []byte) (p proto, more bool) {
	if p, more := sniffHTTP(b); p != protoHTTP {
		return p, more
	}
	for i, c := range b {
		switch {
		case c == '\r':
			line := string(b[:i])
			if strings.HasSuffix(line, " HTTP/1.1") || strings.HasSuffix(line, " HTTP/1.0") {
				return protoHTTP, false
			}
			return protoOther, false
		case c < ' ' || c >= 0x7f:
			return protoOther, false
		}
	}
	return protoOther, true
}

// sniffTLS says whether the client sends a ClientHello. It waits for more than
// the first byte only if that one is right.
func (c *client) sniffTLS() (hello clientHello, isTLS bool, err error) {
	for need := 1; ; {
		if _, err := c.br.Peek(need); err != nil {
			return clientHello{}, false, err
		}
		b, err := c.br.Peek(c.br.Buffered())
		if err != nil {
			return clientHello{}, false, err
		}
		hello, err := parseClientHello(b)
		if err == nil {
			return hello, true, nil
		}
		if !errors.Is(err, errShort) || len(b) == c.br.Size() {
			return clientHello{}, false, nil
		}
		need = len(b) + 1
	}
}

// sniffHTTP says whether b begins like an HTTP/1 request, or whether more is
// needed to say it. Whether it is one is for readHead.
func sniffHTTP(b []byte) (p proto, more bool) {
	for i, c := range b {
		switch {
		case c == ' ' && i > 0:
			return protoHTTP, false
		case c < 'A' || c > 'Z' || i == maxMethod:
			return protoOther, false
		}
	}
	return protoOther, true
}
