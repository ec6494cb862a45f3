package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/ostlerdev/ostler/internal/gate/dial"
)

// Code is why a fetch failed, in the words of the Messages API's web fetch.
type Code string

// The codes.
const (
	InvalidInput  Code = "invalid_tool_input"
	TooLong       Code = "url_too_long"
	NotAllowed    Code = "url_not_allowed"
	NotAccessible Code = "url_not_accessible"
	Unsupported   Code = "unsupported_content_type"
	TooMany       Code = "too_many_requests"
	TooLarge      Code = "content_too_large"
)

// Error is a fetch that failed. Its text is for the model: it begins with the
// code and names no address and nothing else of this network.
type Error struct {
	Code Code
	Text string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Text }

func fail(code Code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

// Refuse is the error of a Check that forbids a URL.
func Refuse(format string, args ...any) error { return fail(NotAllowed, format, args...) }

// describe makes an *Error of whatever ended a request.
func describe(err error) error {
	var (
		own     *Error
		private *dial.PrivateError
		dns     *net.DNSError
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		host    x509.HostnameError
		timeout net.Error
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &private):
		return fail(NotAllowed, "%v", private)
	case errors.As(err, &dns):
		return fail(NotAccessible, "the name %s can't be resolved", dns.Name)
	case errors.As(err, &cert), errors.As(err, &host):
		return fail(NotAccessible, "the server's certificate is not valid for this host")
	case errors.As(err, &record):
		return fail(NotAccessible, "the server does not speak TLS")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail(NotAccessible, "the server refused the connection")
	case errors.As(err, &timeout) && timeout.Timeout():
		return fail(NotAccessible, "the server did not answer in time")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return fail(NotAccessible, "the connection broke off")
	}
	return fail(NotAccessible, "the request failed")
}
