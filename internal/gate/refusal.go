package gate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// refusal is an answer of the gate's own: why a request isn't passed on, or
// why nothing came of it. The text is for the agent and names no address.
type refusal struct {
	status  int
	verdict Verdict
	reason  Reason
	text    string
}

func (r *refusal) Error() string { return r.text }

// malformed refuses a request that is at fault itself.
func malformed(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, Refused, ReasonRequest, fmt.Sprintf(format, args...)}
}

// forbidden refuses a request by a rule.
func forbidden(reason Reason, format string, args ...any) *refusal {
	return &refusal{http.StatusForbidden, Refused, reason, fmt.Sprintf(format, args...)}
}

// cutOff is why the gate itself ended a request or tunnel, the cause of its
// context.
type cutOff string

func (c cutOff) Error() string { return string(c) }

const (
	errPortClosed    cutOff = "the sandbox's gate was closed"
	errPolicyChanged cutOff = "the environment's networking was changed and no longer allows it"
	errIdle          cutOff = "nothing was sent in either direction for too long"
	errGone          cutOff = "the client left"
)

// explain turns what went wrong on the way to a host into an answer.
func explain(err error) *refusal {
	var refused *refusal
	var private *dial.PrivateError
	var dns *net.DNSError
	var timeout net.Error
	var untrusted *tls.CertificateVerificationError
	failed := func(status int, reason Reason, text string) *refusal {
		return &refusal{status, Failed, reason, text}
	}
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &private):
		return forbidden(ReasonPrivate, "%s", private)
	case errors.Is(err, policy.ErrInvalidHost):
		return malformed("%s", err)
	case errors.Is(err, errPolicyChanged):
		return forbidden(ReasonPolicy, "%s", errPolicyChanged)
	case errors.Is(err, errIdle):
		return failed(http.StatusGatewayTimeout, ReasonTimeout, errIdle.Error())
	case errors.Is(err, errGone):
		return failed(http.StatusBadGateway, ReasonGone, errGone.Error())
	case errors.Is(err, errPortClosed):
		return failed(http.StatusBadGateway, ReasonClosed, errPortClosed.Error())
	case errors.As(err, &dns) && dns.IsNotFound:
		return failed(http.StatusBadGateway, ReasonResolve, "the name has no address")
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return failed(http.StatusGatewayTimeout, ReasonTimeout, "it did not answer in time")
	case errors.As(err, &dns):
		return failed(http.StatusBadGateway, ReasonResolve, "the name could not be looked up")
	case errors.As(err, &untrusted):
		return failed(http.StatusBadGateway, ReasonTLS, fmt.Sprintf("its certificate is not accepted: %s", untrusted.Err))
	case isHandshake(err):
		return failed(http.StatusBadGateway, ReasonTLS, "it does not speak TLS as it should")
	case isDial(err):
		return failed(http.StatusBadGateway, ReasonDial, "the connection was not accepted")
	}
	return failed(http.StatusBadGateway, ReasonBroken, "the connection broke before there was an answer")
}

func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// isHandshake says whether TLS could not be agreed on.
func isHandshake(err error) bool {
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var op *net.OpError
	return errors.As(err, &alert) || errors.As(err, &record) ||
		errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}

// answer writes the refusal to the client as a response that ends the
// connection. The reason is in the first line too, because that is all that
// many clients show of the answer to a CONNECT.
func (r *refusal) answer(c *client, to target) error {
	verb := "refused"
	if r.verdict == Failed {
		verb = "could not complete"
	}
	what := "this request"
	if to != (target{}) {
		what = to.String()
	}
	text := fmt.Sprintf("The sandbox's egress gate %s %s: %s.\n", verb, what, r.text)
	_ = c.SetWriteDeadline(time.Now().Add(answerTime))
	_, err := io.WriteString(c, fmt.Sprintf("HTTP/1.1 %d %s (egress gate: %s)\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Content-Length: %d\r\nOstler-Gate: %s\r\nConnection: close\r\n\r\n%s",
		r.status, http.StatusText(r.status), r.reason, len(text), r.reason, text))
	return err
}
