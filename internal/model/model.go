// Package model talks to language models over the Messages API: a table that
// says which upstream serves which model id, a streaming client, the demo
// model that needs no upstream, and what the models endpoint lists.
//
// It keeps content blocks as the raw JSON that came, so that blocks it doesn't
// know (and thinking signatures) go back to the model untouched. It retries
// nothing: retries are events of a session and belong to the turn.
//
// The package may not import store, api, brain, wire or hands.
package model

import (
	"context"
	"encoding/json"
	"time"
)

// Request is one model request. The caller owns the order of messages; the
// package adds cache breakpoints, max_tokens and what the table says about
// the model.
type Request struct {
	Model    string // the agent's model id
	Effort   string // low, medium, high, xhigh, max; "" leaves it to the model
	Speed    string // standard or fast; "" is standard
	Geo      string // inference_geo; "" is unset
	System   string
	Messages []Message
	Tools    []Tool
	// MaxTokens lowers the bound of the answer; 0 leaves it to the table.
	MaxTokens int64
}

// Message is one turn of a conversation, role user, assistant or system.
type Message struct {
	Role    string            `json:"role"`
	Content []json.RawMessage `json:"content"`
}

// Tool is a tool offered to the model.
type Tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	InputSchema json.RawMessage `json:"input_schema"`
}

// Delta is a piece of a streamed answer, in order of arrival.
type Delta struct {
	Index int    // content block, as in Response.Content
	Type  string // the block's type: text, thinking, tool_use, ...
	Start bool   // the block begins; Text is empty
	Text  string // more text of a text block; never thinking text
}

// Response is a finished answer. Text blocks without any text and tool calls
// that max_tokens cut off are not in it: no request could contain them.
type Response struct {
	Content     []json.RawMessage // assistant content blocks, as they came
	StopReason  string            // end_turn, tool_use, max_tokens, pause_turn, refusal, ...
	StopDetails json.RawMessage   // the upstream's stop_details object, or nil
	Usage       Usage
}

// CutOff tells whether the answer ended because there was no more room for it.
func (r *Response) CutOff() bool {
	return r.StopReason == "max_tokens" || r.StopReason == WindowExceeded
}

// WindowExceeded is the stop reason of an answer that filled the context
// window.
const WindowExceeded = "model_context_window_exceeded"

// Usage counts the tokens of one request.
type Usage struct {
	Input           int64 `json:"input_tokens"`
	Output          int64 `json:"output_tokens"`
	CacheCreation   int64 `json:"cache_creation_input_tokens"`
	CacheRead       int64 `json:"cache_read_input_tokens"`
	CacheCreation5m int64 `json:"-"`
	CacheCreation1h int64 `json:"-"`
}

// Client makes model requests. Implementations are safe for concurrent use.
type Client interface {
	// Stream makes one request and calls sink for every piece while it
	// arrives. A failure is an *Error, or ctx's error when ctx ended.
	Stream(ctx context.Context, req Request, sink func(Delta)) (*Response, error)
}

// ErrorKind is the error vocabulary of session.error events.
type ErrorKind string

// The kinds of a failed model request, named as in session.error.
const (
	KindUnknown       ErrorKind = "unknown_error"
	KindOverloaded    ErrorKind = "model_overloaded_error"
	KindRateLimited   ErrorKind = "model_rate_limited_error"
	KindRequestFailed ErrorKind = "model_request_failed_error"
	KindBilling       ErrorKind = "billing_error"
)

// Error is a failed model request.
type Error struct {
	Kind       ErrorKind
	Status     int           // HTTP status, 0 if no answer came
	Retryable  bool          // a later attempt may succeed
	RetryAfter time.Duration // what the upstream asked for, 0 if it didn't
	Message    string        // for people; never holds a credential
	TooLong    bool          // refused because of the request's length, and not Retryable
	Limit      int64         // with TooLong, how many tokens there may be; 0 if the upstream didn't say
}

func (e *Error) Error() string { return e.Message }
