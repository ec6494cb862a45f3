package modeltest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// apiError is an error of the service.
type apiError struct {
	status  int
	typ     string
	message string
}

func (e *apiError) Error() string { return e.message }

func invalid(format string, args ...any) error {
	return &apiError{400, "invalid_request_error", fmt.Sprintf(format, args...)}
}

// writeError writes the service's error envelope.
func writeError(w http.ResponseWriter, id string, e *apiError, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	write(w, envelope(id, e.typ, e.message, code))
}

func envelope(id, typ, message, code string) []byte {
	inner := map[string]any{"type": typ, "message": message}
	if code != "" {
		inner["details"] = map[string]string{"error_code": code}
	}
	return mustJSON(map[string]any{"type": "error", "error": inner, "request_id": id})
}

// mustJSON encodes values made of strings, numbers and checked raw JSON.
func mustJSON(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("modeltest: %v", err))
	}
	return raw
}

// write sends bytes to a client that may be gone, which is its own affair.
func write(w http.ResponseWriter, b []byte) bool {
	_, err := w.Write(b)
	return err == nil
}
