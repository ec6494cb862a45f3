package model

import (
	"encoding/json"
	"strconv"
)

// encodeRequest is the body of a streamed Messages request. Blocks, schemas
// and messages are copied as they are, never parsed and written again.
// Sampling parameters are never sent: newer API versions refuse them.
func encodeRequest(m *Model, req *Request) []byte {
	marks := planCache(m, req)
	b := make([]byte, 0, sizeHint(req))
	b = appendQuoted(append(b, `{"model":`...), m.UpstreamID)
	answer := m.requestTokens()
	if req.MaxTokens > 0 {
		answer = min(answer, req.MaxTokens)
	}
	b = strconv.AppendInt(append(b, `,"max_tokens":`...), answer, 10)
	b = append(b, `,"stream":true`...)
	if m.Thinking.Adaptive {
		b = append(b, `,"thinking":{"type":"adaptive"}`...)
	}
	if m.takesEffort(req.Effort) {
		b = appendQuoted(append(b, `,"output_config":{"effort":`...), req.Effort)
		b = append(b, '}')
	}
	if m.Fast && req.Speed == "fast" {
		b = append(b, `,"speed":"fast"`...)
	}
	if req.Geo != "" {
		b = appendQuoted(append(b, `,"inference_geo":`...), req.Geo)
	}
	b = appendTools(b, req.Tools, marks.tools)
	b = appendSystem(b, req.System, marks.system)
	b = appendMessages(b, req.Messages, marks)
	return append(b, '}')
}

func appendSystem(b []byte, system string, mark bool) []byte {
	if blank(system) {
		return b
	}
	b = appendQuoted(append(b, `,"system":[{"type":"text","text":`...), system)
	if mark {
		b = append(b, cacheControl...)
	}
	return append(b, "}]"...)
}

func appendTools(b []byte, tools []Tool, mark bool) []byte {
	if len(tools) == 0 {
		return b
	}
	b = append(b, `,"tools":[`...)
	for i := range tools {
		t := &tools[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(append(b, `{"name":`...), t.Name)
		if t.Description != "" {
			b = appendQuoted(append(b, `,"description":`...), t.Description)
		}
		b = append(b, `,"input_schema":`...)
		b = appendRaw(b, t.InputSchema, `{"type":"object"}`)
		if mark && i == len(tools)-1 {
			b = append(b, cacheControl...)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendMessages(b []byte, messages []Message, marks cacheMarks) []byte {
	b = append(b, `,"messages":[`...)
	for i := range messages {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(append(b, `{"role":`...), messages[i].Role)
		b = append(b, `,"content":[`...)
		for j, block := range messages[i].Content {
			if j > 0 {
				b = append(b, ',')
			}
			if marks.marked(i, j) {
				b = appendMarked(b, block)
			} else {
				b = appendRaw(b, block, "null")
			}
		}
		b = append(b, "]}"...)
	}
	return append(b, ']')
}

func appendRaw(b []byte, raw json.RawMessage, empty string) []byte {
	if len(raw) == 0 {
		return append(b, empty...)
	}
	return append(b, raw...)
}

// sizeHint is enough room for a body whose strings need little escaping.
func sizeHint(req *Request) int {
	n := 512 + len(req.System) + len(req.System)/8
	for i := range req.Tools {
		t := &req.Tools[i]
		n += 64 + len(t.Name) + len(t.Description) + len(t.Description)/8 + len(t.InputSchema)
	}
	for i := range req.Messages {
		n += 64
		for _, block := range req.Messages[i].Content {
			n += len(block) + 1
		}
	}
	return n
}
