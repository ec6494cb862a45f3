package model

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	anthropic "github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/tidwall/gjson"
)

// wireError is the error object of the Messages API.
type wireError struct{ Type, Message, Code string }

func parseWireError(r gjson.Result) wireError {
	return wireError{
		Type:    r.Get("type").String(),
		Message: r.Get("message").String(),
		Code:    r.Get("details.error_code").String(),
	}
}

// streamError is an error that came in a response of status 200.
type streamError struct{ wire wireError }

func (e *streamError) Error() string { return e.wire.Type + ": " + e.wire.Message }

// billingCodes are the error codes that only paying, or waiting for the next
// month, makes go away.
var billingCodes = map[string]bool{
	string(anthropic.ErrorCodeEnforcedSpendLimitReached):            true,
	string(anthropic.ErrorCodeContractSpendLimitReached):            true,
	string(anthropic.ErrorCodeLinkedOrganizationBillingUnavailable): true,
	string(anthropic.ErrorCodeLinkedOrganizationSpendLimitReached):  true,
	string(anthropic.ErrorCodeUserProfileBillingNotAuthorized):      true,
	string(anthropic.ErrorCodeUserProfileNotBillable):               true,
}

// classify turns whatever ended a request into an *Error that holds no secret.
// res is the response as far as there was one.
func classify(err error, res *http.Response, secret string) *Error {
	var api *anthropic.Error
	if res != nil && res.StatusCode >= 400 && !errors.As(err, &api) { // its body could not be read
		err = &anthropic.Error{StatusCode: res.StatusCode, Response: res}
	}
	e := describe(err)
	e.Message = presentable(e.Message, secret)
	return e
}

func describe(err error) *Error {
	var (
		api    *anthropic.Error
		stream *streamError
		status statusError
		silent errSilent
		ue     *url.Error
	)
	switch {
	case errors.As(err, &api):
		return describeStatus(api)
	case errors.As(err, &stream):
		e := describeType(stream.wire)
		e.Status = http.StatusOK
		e.measure(stream.wire)
		return e
	case errors.As(err, &status):
		return &Error{Kind: KindRequestFailed, Status: int(status), Message: status.Error()}
	case errors.As(err, &silent):
		return &Error{Kind: KindUnknown, Retryable: true, Message: silent.Error()}
	case errors.Is(err, errTooLarge):
		return &Error{Kind: KindRequestFailed, Message: errTooLarge.Error()}
	case errors.As(err, &ue): // its text has the whole URL
		return &Error{Kind: KindUnknown, Retryable: true, Message: "cannot reach the upstream: " + ue.Err.Error()}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, context.Canceled):
		return &Error{Kind: KindUnknown, Retryable: true, Message: errBroken.Error()}
	}
	return &Error{Kind: KindUnknown, Retryable: true, Message: err.Error()}
}

// describeType classifies by error.type alone.
func describeType(w wireError) *Error {
	e := &Error{Kind: KindUnknown, Retryable: true, Message: w.Message}
	switch w.Type {
	case "overloaded_error":
		e.Kind = KindOverloaded
	case "rate_limit_error":
		e.Kind = KindRateLimited
	case "billing_error":
		e.Kind, e.Retryable = KindBilling, false
	case "invalid_request_error", "authentication_error", "permission_error", "not_found_error", "request_too_large":
		e.Kind, e.Retryable = KindRequestFailed, false
	}
	if outOfMoney(w) {
		e.Kind, e.Retryable = KindBilling, false
	}
	if e.Message == "" {
		e.Message = w.Type
	}
	if e.Message == "" {
		e.Message = "the upstream reported an error without saying which"
	}
	return e
}

// outOfMoney also knows the one case that has no code of its own.
func outOfMoney(w wireError) bool {
	return billingCodes[w.Code] ||
		w.Type == "invalid_request_error" && strings.Contains(w.Message, "credit balance is too low")
}

// describeStatus classifies an answer of status 400 or more.
func describeStatus(api *anthropic.Error) *Error {
	w := wireError{Type: string(api.Type()), Message: api.Message, Code: string(api.ErrorCode())}
	e := describeType(w)
	e.Status = api.StatusCode
	if api.Message == "" {
		e.Message = strings.TrimSpace("status " + strconv.Itoa(api.StatusCode) + " " + http.StatusText(api.StatusCode) + ": " + snippet(api.RawJSON()))
	}
	if e.Kind != KindBilling {
		e.Kind, e.Retryable = byStatus(api.StatusCode, e.Kind)
	}
	if api.Response != nil {
		e.RetryAfter = retryAfter(api.Response.Header, time.Now())
		if e.Kind != KindBilling {
			switch api.Response.Header.Get("x-should-retry") {
			case "true":
				e.Retryable = true
			case "false":
				e.Retryable = false
			}
		}
	}
	e.measure(w)
	e.Retryable = e.Retryable && !e.TooLong
	return e
}

// byStatus classifies by status; kind is what error.type said.
func byStatus(status int, kind ErrorKind) (_ ErrorKind, retryable bool) {
	switch {
	case status == http.StatusPaymentRequired:
		return KindBilling, false
	case status == http.StatusTooManyRequests:
		return KindRateLimited, true
	case status == http.StatusServiceUnavailable, status == 529:
		return KindOverloaded, true
	case status == http.StatusRequestTimeout, status == http.StatusConflict:
		return KindUnknown, true
	case status == http.StatusNotImplemented:
		return KindRequestFailed, false
	case status < 500:
		return KindRequestFailed, false
	case kind == KindOverloaded, kind == KindRateLimited:
		return kind, true
	}
	return KindUnknown, true
}

// maxRetryAfter bounds what an upstream may ask for.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads retry-after-ms and retry-after (seconds or a date).
func retryAfter(h http.Header, now time.Time) time.Duration {
	unit, v := time.Millisecond, h.Get("retry-after-ms")
	if v == "" {
		unit, v = time.Second, h.Get("retry-after")
	}
	if n, err := strconv.ParseFloat(v, 64); err == nil && n >= 0 {
		if d := n * float64(unit); d < float64(maxRetryAfter) {
			return time.Duration(d)
		}
		return maxRetryAfter
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(0, t.Sub(now)), maxRetryAfter)
	}
	return 0
}

// maxErrorText bounds an error message, in bytes.
const maxErrorText = 2000

// presentable makes a message fit to be shown and stored: no credential (an
// upstream may repeat the key it refused), valid UTF-8, of bounded length.
func presentable(s, secret string) string {
	if secret != "" {
		s = strings.ReplaceAll(s, secret, "***")
	}
	return snippet(s)
}

func snippet(s string) string {
	if len(s) > maxErrorText {
		s = s[:maxErrorText] + "…"
	}
	return strings.ToValidUTF8(s, "\ufffd")
}
