package modeltest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Reply is what the double answers to one request. Build it with the functions
// of this package; its methods return changed copies.
type Reply struct {
	blocks  []part
	stop    string // "": tool_use if there is a call, else end_turn
	details json.RawMessage
	usage   *Usage
	header  http.Header
	chunk   int // runes a delta

	status        int // not 0: an error answer
	errType       string
	errMessage    string
	errCode       string
	hang          *Hang
	hangAt        int // events before the hang; 0: before anything
	dropAt        int // events before the connection is cut; -1: never
	streamErrAt   int // events before the error event; -1: never
	streamErrType string
	streamErrText string
}

// part is a block of a reply, before ids and signatures are put in.
type part struct {
	kind   string // text, tool_use, thinking, redacted_thinking, raw
	text   string
	id     string
	name   string
	input  json.RawMessage
	raw    json.RawMessage
	broken string // tool_use: input that is cut off here
}

// Usage is what a reply says it cost, in tokens.
type Usage struct {
	Input, Output, CacheCreation5m, CacheCreation1h, CacheRead int64
}

func reply(p ...part) Reply {
	return Reply{blocks: p, chunk: 8, dropAt: -1, streamErrAt: -1}
}

// Text answers with one text block.
func Text(s string) Reply { return reply(part{kind: "text", text: s}) }

// Thinking answers with a signed thinking block; add to it with And.
func Thinking(s string) Reply { return reply(part{kind: "thinking", text: s}) }

// RedactedThinking answers with a signed redacted_thinking block.
func RedactedThinking() Reply { return reply(part{kind: "redacted_thinking"}) }

// ToolUse answers with a tool call with an id of the double's choice. Input is
// anything that encodes to a JSON object; it panics if it doesn't encode.
func ToolUse(name string, input any) Reply { return ToolUseID("", name, input) }

// ToolUseID is ToolUse with the id given.
func ToolUseID(id, name string, input any) Reply {
	raw, err := json.Marshal(input)
	if err != nil {
		panic(fmt.Sprintf("modeltest: input of %s: %v", name, err))
	}
	return reply(part{kind: "tool_use", id: id, name: name, input: raw})
}

// Raw answers with a block of any type, sent whole in content_block_start. The
// double takes blocks of that type back.
func Raw(block string) Reply { return reply(part{kind: "raw", raw: json.RawMessage(block)}) }

// Empty answers with no content at all.
func Empty() Reply { return reply() }

// Refusal answers with stop_reason refusal.
func Refusal(category, explanation string) Reply {
	r := reply()
	r.stop = "refusal"
	r.details, _ = json.Marshal(map[string]string{"type": "refusal", "category": category, "explanation": explanation}) // strings encode
	return r
}

// MaxTokens answers with text that was cut off.
func MaxTokens(text string) Reply { return Text(text).Stop("max_tokens") }

// CutOffToolUse answers with a tool call whose input ends in the middle.
func CutOffToolUse(name, partial string) Reply {
	return reply(part{kind: "tool_use", name: name, input: json.RawMessage("{}"), broken: partial}).Stop("max_tokens")
}

// PauseTurn answers with a server tool's call and result and stop_reason
// pause_turn: the client sends the conversation back as it is.
func PauseTurn(text string) Reply {
	id := "srvtoolu_" + fmt.Sprintf("%x", len(text)+1)
	return Text(text).
		And(Raw(`{"type":"server_tool_use","id":"` + id + `","name":"web_search","input":{"query":"x"}}`)).
		And(Raw(`{"type":"web_search_tool_result","tool_use_id":"` + id + `","content":[]}`)).
		Stop("pause_turn")
}

// Error answers with an error status and its envelope.
func Error(status int, typ, message string) Reply {
	r := reply()
	r.status, r.errType, r.errMessage = status, typ, message
	return r
}

// Code puts an error_code into an Error's details.
func (r Reply) Code(code string) Reply { r.errCode = code; return r }

// And appends the blocks of another reply; its stop reason wins if it has one.
func (r Reply) And(more Reply) Reply {
	r.blocks = append(append([]part(nil), r.blocks...), more.blocks...)
	if more.stop != "" {
		r.stop, r.details = more.stop, more.details
	}
	return r
}

// Stop sets stop_reason.
func (r Reply) Stop(reason string) Reply { r.stop = reason; return r }

// WithUsage sets the usage; the double estimates it otherwise.
func (r Reply) WithUsage(u Usage) Reply { r.usage = &u; return r }

// WithHeader sets a response header.
func (r Reply) WithHeader(key, value string) Reply {
	r.header = r.header.Clone()
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set(key, value)
	return r
}

// Chunk sets how many runes a delta carries; 0 is all in one.
func (r Reply) Chunk(runes int) Reply { r.chunk = runes; return r }

// Drop cuts the connection after so many stream events.
func (r Reply) Drop(events int) Reply { r.dropAt = events; return r }

// StreamError ends the stream with an error event after so many others.
func (r Reply) StreamError(events int, typ, message string) Reply {
	r.streamErrAt, r.streamErrType, r.streamErrText = events, typ, message
	return r
}

// HangAt makes the stream wait for h after so many events, 0 before anything
// is sent, and go on with this reply when h is released.
func (r Reply) HangAt(events int, h *Hang) Reply { r.hang, r.hangAt = h, events; return r }

func (r *Reply) stopReason() string {
	if r.stop != "" {
		return r.stop
	}
	for _, p := range r.blocks {
		if p.kind == "tool_use" {
			return "tool_use"
		}
	}
	return "end_turn"
}
