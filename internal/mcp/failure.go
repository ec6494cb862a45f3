package mcp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/gate/dial"
)

// Failure is a server that a session has to do without. Its text may be read
// by everyone who may read the session: it holds no secret and nothing of the
// network behind this machine.
type Failure struct {
	Server  string
	Auth    bool // the server wants credentials, or others
	Unsure  bool // the server may have begun what it was asked
	Message string
}

func (f *Failure) Error() string { return f.Message }

// maxWords bounds what is repeated of a server's own words, in bytes.
const maxWords = 500

var (
	errTooLarge    = errors.New("the answer is too large")
	errOtherOrigin = errors.New("the server leads to another origin")
	errRedirects   = errors.New("the server redirects without end")
	errDowngrade   = errors.New("the server redirects from https to http")
	errCredential  = errors.New("its credential can't be had")
	errNoMessage   = errors.New("its answer is no message of it")
)

// explain says what err means, in words that are safe to show.
func (x *exchange) explain(err error, l *link) error {
	f := &Failure{Server: l.server.Name, Unsure: x.begun()}
	x.mu.Lock()
	defer x.mu.Unlock()
	name := fmt.Sprintf("The MCP server %q", l.server.Name)
	said := refusalOf(err)
	switch {
	case errors.Is(x.cause, ErrReauthorize):
		f.Auth, f.Message = true, name+" was not asked: "+ErrReauthorize.Error()+"."
	case refused(x.status) && x.hadToken:
		f.Auth, f.Message = true, fmt.Sprintf("%s refused the credential of the session's vault (%s).", name, statusText(x.status))
	case refused(x.status):
		f.Auth, f.Message = true, fmt.Sprintf("%s wants a credential, and no vault of the session has one for its URL (%s).", name, statusText(x.status))
	case said != nil && x.cause == nil:
		return &refusal{fmt.Sprintf("%s answered with an error: %s", name, l.secrets.scrub(said.Message))}
	case errors.Is(x.cause, errNoMessage):
		f.Message = fmt.Sprintf("%s does not speak the protocol as expected: %s.", name, errNoMessage)
	case x.cause != nil:
		f.Message = fmt.Sprintf("%s could not be reached: %s.", name, describe(x.cause))
	case x.status >= 300:
		f.Message = fmt.Sprintf("%s answered %s.", name, statusText(x.status))
	case errors.Is(err, errClosed):
		f.Message = fmt.Sprintf("The connection to the MCP server %q was closed.", l.server.Name)
	default:
		f.Message = fmt.Sprintf("%s does not speak the protocol as expected: %s", name, l.secrets.scrub(err.Error()))
	}
	return f
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// describe is an error of the network without addresses.
func describe(err error) string {
	var (
		private *dial.PrivateError
		dns     *net.DNSError
		sys     *os.SyscallError
		timeout net.Error
		cert    *tls.CertificateVerificationError
		invalid x509.CertificateInvalidError
	)
	for _, known := range []error{errTooLarge, errOtherOrigin, errRedirects, errDowngrade, errCredential} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	switch {
	case errors.As(err, &private):
		return private.Error()
	case errors.As(err, &dns):
		return "its name can't be resolved"
	case errors.As(err, &cert), errors.As(err, &invalid):
		return "its certificate is not valid here"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.As(err, &sys):
		return sys.Err.Error()
	}
	return "the connection broke"
}

// secrets are the tokens that a link has used, newest last.
type secrets struct {
	mu   sync.Mutex
	used []string
}

// add remembers a token.
func (s *secrets) add(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.used {
		if t == token {
			return
		}
	}
	s.used = append(s.used, token)
	if len(s.used) > 8 {
		s.used = s.used[1:]
	}
}

// hide takes the tokens that have at least so many bytes out of a text.
func (s *secrets) hide(text string, least int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.used {
		if len(t) >= least {
			text = strings.ReplaceAll(text, t, "[redacted]")
		}
	}
	return text
}

// scrub is a server's own words: without tokens, in one line, not for long.
func (s *secrets) scrub(text string) string {
	text = s.hide(strings.ToValidUTF8(text, "\uFFFD"), 1)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxWords {
		cut := maxWords
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + " …"
	}
	return text
}
