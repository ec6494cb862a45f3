package api

import (
	"errors"
	"maps"
	"net/http"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/wire"
)

// statuses is the HTTP status and error type of each kind of fault (Managed
// Agents API: conventions, errors).
var statuses = map[fault.Kind]struct {
	status int
	typ    string
}{
	fault.Internal:        {http.StatusInternalServerError, "api_error"},
	fault.Invalid:         {http.StatusBadRequest, "invalid_request_error"},
	fault.Unauthenticated: {http.StatusUnauthorized, "authentication_error"},
	fault.Forbidden:       {http.StatusForbidden, "permission_error"},
	fault.NotFound:        {http.StatusNotFound, "not_found_error"},
	fault.BadMethod:       {http.StatusMethodNotAllowed, "invalid_request_error"},
	fault.Conflict:        {http.StatusConflict, "conflict_error"},
	fault.TooLarge:        {http.StatusRequestEntityTooLarge, "request_too_large"},
	fault.BadMediaType:    {http.StatusUnsupportedMediaType, "invalid_request_error"},
	fault.RateLimited:     {http.StatusTooManyRequests, "rate_limit_error"},
	fault.Unavailable:     {http.StatusServiceUnavailable, "api_error"},
	fault.BadRange:        {http.StatusRequestedRangeNotSatisfiable, "invalid_request_error"},
	fault.PathConflict:    {http.StatusConflict, "memory_path_conflict_error"},
	fault.Stale:           {http.StatusConflict, "memory_precondition_failed_error"},
}

// refuse answers with an error, the one place where that happens. An answer
// that has begun can't be taken back: a stream gets an error frame, anything
// else is cut off.
func (s *Server) refuse(w *answer, requestID string, err error) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		s.Log.Error("a request failed", "id", requestID, "error", err)
		f = &fault.Error{Kind: fault.Internal, Message: "internal server error"}
	}
	st := statuses[f.Kind]
	body := wire.ErrorResponse{Type: "error", RequestID: requestID, Error: wire.ErrorInfo{Type: st.typ, Message: legible(f.Error())}}
	if f.Blocker != nil {
		body.Error.ConflictingMemoryID, body.Error.ConflictingPath = f.Blocker.ID, f.Blocker.Path
	}
	if f.Code != "" || len(f.Details) > 0 {
		body.Error.Details = maps.Clone(f.Details)
	}
	if f.Code != "" {
		if body.Error.Details == nil {
			body.Error.Details = map[string]any{}
		}
		body.Error.Details["error_code"], body.Error.Details["error_visibility"] = f.Code, "user_facing"
	}
	if w.status != 0 {
		if w.Header().Get("Content-Type") != "text/event-stream" {
			panic(http.ErrAbortHandler)
		}
		w.Write(journal.SSE("error", wire.Encode(body))) // nobody to tell if the client is gone
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	switch f.Kind {
	case fault.Conflict, fault.PathConflict, fault.Stale:
		h.Set("x-should-retry", "false") // clients repeat a 409 otherwise, in vain
	case fault.Unauthenticated:
		h.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(st.status)
	w.Write(wire.Encode(body)) // nobody to tell if the client is gone
}

// maxMessage bounds, in bytes, what a message repeats of a request.
const maxMessage = 2000

// legible is a message fit for JSON: valid UTF-8, which parts of a path or a
// header needn't be, and of bounded length.
func legible(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
