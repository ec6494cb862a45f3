package gate

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// head is what the gate itself reads of a request's header.
type head struct {
	method  string
	target  string // the request-target as it came
	host    string // the Host field; "" if there is none
	hasBody bool   // a length or an encoding of a body is given
}

// errQuiet says that the client hung up, or never spoke, between requests.
var errQuiet = errors.New("no request")

// readHead waits for the whole header of a request and checks it. The bytes
// stay in br. The error is errQuiet or a *refusal.
func (c *client) readHead(limit time.Duration) (head, error) {
	wait := limit
	if c.served {
		wait = keepAlive
	}
	c.readWithin(wait)
	if _, err := c.br.Peek(1); err != nil {
		return head{}, errQuiet
	}
	c.served = true
	c.readWithin(limit)
	for seen := 0; ; {
		b, err := c.br.Peek(c.br.Buffered())
		if err != nil {
			return head{}, malformed("the header of the request can't be read")
		}
		// Look only at what is new, and at the three bytes before it.
		if i := bytes.Index(b[seen:], []byte("\r\n\r\n")); i >= 0 {
			c.resume()
			return parseHead(b[:seen+i+4])
		}
		seen = max(0, len(b)-3)
		if len(b) == c.br.Size() {
			return head{}, &refusal{
				http.StatusRequestHeaderFieldsTooLarge, Refused, ReasonRequest,
				fmt.Sprintf("the header of the request is longer than %d bytes", c.br.Size()),
			}
		}
		_, err = c.br.Peek(len(b) + 1)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return head{}, &refusal{
				http.StatusRequestTimeout, Failed, ReasonTimeout,
				fmt.Sprintf("the header of the request didn't come within %s", limit),
			}
		case err != nil:
			return head{}, malformed("the request ends within its header")
		}
	}
}

// parseHead checks a header that ends in an empty line. It refuses what two
// parsers could read in two ways, where HTTP would allow to guess: lines that
// don't end in CRLF, folded lines, spaces around a field's name, control
// characters, more than one Host, Content-Length or Transfer-Encoding, both of
// the latter together, an encoding other than chunked, a length that isn't
// digits. The error is a *refusal.
func parseHead(b []byte) (head, error) {
	lines := strings.Split(strings.TrimSuffix(string(b), "\r\n\r\n"), "\r\n")
	h, err := parseRequestLine(lines[0])
	if err != nil {
		return head{}, err
	}
	seen := map[string]int{}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok || !isToken(name) {
			return head{}, malformed("a line of the header isn't a field")
		}
		value = strings.Trim(value, " \t")
		if !isValue(value) {
			return head{}, malformed("the field %s holds a control character", name)
		}
		name = strings.ToLower(name)
		seen[name]++
		switch name {
		case "host":
			h.host = value
		case "content-length":
			h.hasBody = true
			if value == "" || strings.Trim(value, "0123456789") != "" {
				return head{}, malformed("Content-Length isn't a number")
			}
		case "transfer-encoding":
			h.hasBody = true
			if !strings.EqualFold(value, "chunked") {
				return head{}, malformed("Transfer-Encoding is something else than chunked")
			}
		}
	}
	for _, name := range []string{"host", "content-length", "transfer-encoding"} {
		if seen[name] > 1 {
			return head{}, malformed("the field %s is given more than once", name)
		}
	}
	if seen["content-length"]+seen["transfer-encoding"] > 1 {
		return head{}, malformed("both Content-Length and Transfer-Encoding are given")
	}
	return h, nil
}

// parseRequestLine reads "METHOD target HTTP/1.x" with single spaces.
func parseRequestLine(line string) (head, error) {
	parts := strings.Split(line, " ")
	if len(parts) != 3 || !isToken(parts[0]) || parts[1] == "" || !isValue(parts[1]) || strings.Contains(parts[1], "\t") {
		return head{}, malformed("the first line isn't that of an HTTP/1.1 request")
	}
	if parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0" {
		return head{}, malformed("only HTTP/1.1 and HTTP/1.0 are spoken here")
	}
	return head{method: parts[0], target: parts[1]}, nil
}

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// isValue says whether s has no control character but tab.
func isValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
