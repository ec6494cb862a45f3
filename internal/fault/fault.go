// Package fault is the error vocabulary of the program: an error has a kind,
// the JSON path of the input it is about, and a text for the caller. The api
// package turns it into the wire envelope in one place; an error that is not
// a fault is an internal one, logged whole and shown as "internal".
//
// The package imports nothing of the program.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of refusal an error is. The API answers each kind with
// one HTTP status and one error type.
type Kind int

// The kinds, with the status and error type they become.
const (
	Internal        Kind = iota // 500 api_error
	Invalid                     // 400 invalid_request_error
	Unauthenticated             // 401 authentication_error
	Forbidden                   // 403 permission_error
	NotFound                    // 404 not_found_error
	BadMethod                   // 405 invalid_request_error
	Conflict                    // 409 conflict_error, never worth a retry
	TooLarge                    // 413 request_too_large
	BadMediaType                // 415 invalid_request_error
	RateLimited                 // 429 rate_limit_error
	Unavailable                 // 503 api_error
	BadRange                    // 416 invalid_request_error
	PathConflict                // 409 memory_path_conflict_error
	Stale                       // 409 memory_precondition_failed_error
)

// Error is a refusal with a reason the caller may read.
type Error struct {
	Kind    Kind
	Path    string         // JSON path of the fault, such as events[0].content; "" if none
	Message string         // the problem, without the path
	Code    string         // stable error_code of error.details; "" if none
	Details map[string]any // more keys of error.details
	Blocker *Blocker       // of kind PathConflict
}

// Blocker is the memory that is in the way of another's path.
type Blocker struct{ ID, Path string }

func (e *Error) Error() string {
	if e.Path == "" {
		return e.Message
	}
	return e.Path + ": " + e.Message
}

// New makes an error of a kind without a path.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// At makes an Invalid error about the input at path.
func At(path, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Path: path, Message: fmt.Sprintf(format, args...)}
}

// Missing makes a NotFound error about the object of an id.
func Missing(what, id string) *Error {
	return New(NotFound, "%s `%s` not found.", what, id)
}

// WithCode returns e with a stable error code.
func (e *Error) WithCode(code string) *Error {
	e.Code = code
	return e
}

// Under returns err with path put before its own path, for a check that was
// made on a part of the input. Errors that are not faults pass unchanged.
func Under(path string, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Path = Join(path, e.Path)
	return &out
}

// Join puts two JSON paths together.
func Join(path, rest string) string {
	switch {
	case path == "":
		return rest
	case rest == "" || rest[0] == '[':
		return path + rest
	}
	return path + "." + rest
}

// KindOf is the kind of err: Internal if it is no fault.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
