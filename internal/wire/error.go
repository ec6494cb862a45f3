package wire

// ErrorResponse is the body of a refusal, and the data of an SSE error frame.
type ErrorResponse struct {
	Type      string    `json:"type"` // error
	Error     ErrorInfo `json:"error"`
	RequestID string    `json:"request_id"`
}

// ErrorInfo says what went wrong.
type ErrorInfo struct {
	Type    string         `json:"type"` // such as invalid_request_error
	Message string         `json:"message"`
	Details map[string]any `json:"details,omitempty"` // error_code and more keys by code

	// Of type memory_path_conflict_error: the memory in the way.
	ConflictingMemoryID string `json:"conflicting_memory_id,omitzero"`
	ConflictingPath     string `json:"conflicting_path,omitzero"`
}
