package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// failureTypes are the error types that may come with a status
// (API reference: errors).
var failureTypes = map[int][]string{
	400: {"invalid_request_error"},
	401: {"authentication_error"},
	402: {"billing_error"},
	403: {"permission_error"},
	404: {"not_found_error"},
	405: {"invalid_request_error"},
	408: {"timeout_error", "invalid_request_error"},
	409: {"conflict_error", "invalid_request_error", "memory_path_conflict_error", "memory_precondition_failed_error"},
	412: {"invalid_request_error"},
	413: {"request_too_large", "invalid_request_error"},
	415: {"invalid_request_error"},
	429: {"rate_limit_error"},
	500: {"api_error"},
	501: {"api_error"},
	503: {"api_error", "overloaded_error"},
	504: {"timeout_error"},
	529: {"overloaded_error"},
}

// Failure checks the envelope of an answer that is no success.
func Failure(status int, header http.Header, body []byte) Violations {
	var found Violations
	add := func(path, format string, args ...any) {
		found = append(found, Violation{Judge: "errors", Path: path, Text: fmt.Sprintf(format, args...)})
	}
	var env struct {
		Type  string `json:"type"`
		Error struct {
			Type    string          `json:"type"`
			Message string          `json:"message"`
			Details json.RawMessage `json:"details"`
		} `json:"error"`
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(body, &env); err != nil {
		add("", "status %d with a body that is no error envelope: %v", status, err)
		return found
	}
	if env.Type != "error" {
		add("type", "%q, want \"error\"", env.Type)
	}
	if types, ok := failureTypes[status]; !ok {
		add("", "the API answers nothing with status %d", status)
	} else if !slices.Contains(types, env.Error.Type) {
		add("error.type", "%q does not go with status %d", env.Error.Type, status)
	}
	if env.Error.Message == "" {
		add("error.message", "empty")
	}
	if d := env.Error.Details; d != nil && kindOf(d) != "an object" {
		add("error.details", "%s, want an object or nothing", kindOf(d))
	}
	if id := header.Get("request-id"); id == "" || id != env.RequestID {
		add("request_id", "%q in the body, %q in the header", env.RequestID, id)
	}
	return found
}
