package modeltest

import (
	"encoding/json"
	"net/http"
)

// event is one frame of a stream.
type event struct {
	name string
	data any
}

func (e event) bytes() []byte {
	return append(append([]byte("event: "+e.name+"\ndata: "), mustJSON(e.data)...), "\n\n"...)
}

// answer sends a reply.
func (s *Server) answer(w http.ResponseWriter, hr *http.Request, id string, req Request, rep Reply) {
	for k, v := range rep.header {
		w.Header()[k] = v
	}
	if rep.hang != nil && rep.hangAt == 0 && !rep.hang.wait(hr.Context()) {
		return
	}
	if rep.status != 0 {
		writeError(w, id, &apiError{rep.status, rep.errType, rep.errMessage}, rep.errCode)
		return
	}
	blocks := s.finish(req, rep)
	u := s.usage(req, rep, blocks)
	if !req.Stream {
		w.Header().Set("Content-Type", "application/json")
		write(w, mustJSON(message(s.nextID("msg_"), req.Model, rep, blocks, u)))
		return
	}
	s.stream(w, hr, id, rep, events(s.nextID("msg_"), req.Model, rep, blocks, u))
}

func (s *Server) stream(w http.ResponseWriter, hr *http.Request, id string, rep Reply, evs []event) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	flush := http.NewResponseController(w)
	for i, e := range evs {
		switch {
		case i == rep.dropAt:
			panic(http.ErrAbortHandler) // net/http cuts the connection
		case i == rep.streamErrAt:
			raw := envelope(id, rep.streamErrType, rep.streamErrText, rep.errCode)
			write(w, append(append([]byte("event: error\ndata: "), raw...), "\n\n"...))
			return
		case rep.hang != nil && i == rep.hangAt && i > 0:
			if !rep.hang.wait(hr.Context()) {
				return
			}
		}
		if !write(w, e.bytes()) || flush.Flush() != nil {
			return
		}
	}
}

// finish puts ids and signatures into a reply's blocks and remembers them.
func (s *Server) finish(req Request, rep Reply) []finished {
	var (
		out   []finished
		path  = newPath(&req, s.opts.bindThinking)
		first string // signature of the reply's first thinking
	)
	for _, b := range req.flatten(len(req.Messages)) {
		path.add(b.role, b.block.Raw)
	}
	for _, p := range rep.blocks {
		f := finished{part: p}
		switch p.kind {
		case "text":
			f.raw = mustJSON(map[string]any{"type": "text", "text": p.text})
		case "tool_use":
			if f.id == "" {
				f.id = s.nextID("toolu_")
			}
			f.raw = mustJSON(map[string]any{"type": "tool_use", "id": f.id, "name": p.name, "input": p.input})
		case "thinking":
			f.signature = s.signer.sign("thinking", p.text, path.digest())
			f.raw = mustJSON(map[string]any{"type": "thinking", "thinking": p.text, "signature": f.signature})
		case "redacted_thinking":
			nonce := s.nextID("red")
			f.signature = nonce + "." + s.signer.sign("redacted_thinking", nonce, path.digest())
			f.raw = mustJSON(map[string]any{"type": "redacted_thinking", "data": f.signature})
		}
		if first == "" {
			first = f.signature
		}
		s.mu.Lock()
		if p.kind == "raw" {
			s.issued[typeOf(f.raw)] = true
		}
		if p.kind == "tool_use" && first != "" {
			s.thoughts[f.id] = first
		}
		s.mu.Unlock()
		path.add("assistant", f.raw)
		out = append(out, f)
	}
	return out
}

// finished is a block as it is sent.
type finished struct {
	part
	signature string
}

func typeOf(raw json.RawMessage) string {
	var b struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		panic("modeltest: Raw wants a JSON object: " + err.Error())
	}
	return b.Type
}

// message is a whole answer, for clients that don't stream.
func message(id, model string, rep Reply, blocks []finished, u wireUsage) map[string]any {
	content := []json.RawMessage{}
	for _, b := range blocks {
		content = append(content, b.raw)
	}
	return map[string]any{
		"id": id, "type": "message", "role": "assistant", "model": model, "content": content,
		"stop_reason": rep.stopReason(), "stop_sequence": nil, "stop_details": rep.details, "usage": u,
	}
}

// events is a whole answer as a stream.
func events(id, model string, rep Reply, blocks []finished, u wireUsage) []event {
	begin := u
	begin.Output = 1
	evs := []event{{"message_start", map[string]any{"type": "message_start", "message": map[string]any{
		"id": id, "type": "message", "role": "assistant", "model": model, "content": []any{},
		"stop_reason": nil, "stop_sequence": nil, "usage": begin,
	}}}}
	for i, b := range blocks {
		evs = append(evs, event{"content_block_start", map[string]any{"type": "content_block_start", "index": i, "content_block": b.opening()}})
		if i == 0 {
			evs = append(evs, event{"ping", map[string]any{"type": "ping"}})
		}
		for _, d := range b.deltas(rep.chunk) {
			evs = append(evs, event{"content_block_delta", map[string]any{"type": "content_block_delta", "index": i, "delta": d}})
		}
		evs = append(evs, event{"content_block_stop", map[string]any{"type": "content_block_stop", "index": i}})
	}
	return append(evs,
		event{"message_delta", map[string]any{
			"type":  "message_delta",
			"delta": map[string]any{"stop_reason": rep.stopReason(), "stop_sequence": nil, "stop_details": rep.details},
			"usage": u,
		}},
		event{"message_stop", map[string]any{"type": "message_stop"}})
}

// opening is the block of content_block_start.
func (f finished) opening() any {
	switch f.kind {
	case "text":
		return map[string]any{"type": "text", "text": ""}
	case "tool_use":
		return map[string]any{"type": "tool_use", "id": f.id, "name": f.name, "input": struct{}{}}
	case "thinking":
		return map[string]any{"type": "thinking", "thinking": "", "signature": ""}
	}
	return f.raw
}

// deltas are the pieces of the block, chunk runes each.
func (f finished) deltas(chunk int) []any {
	var out []any
	add := func(typ, member, text string) {
		for _, p := range pieces(text, chunk) {
			out = append(out, map[string]any{"type": typ, member: p})
		}
	}
	switch f.kind {
	case "text":
		add("text_delta", "text", f.text)
	case "tool_use":
		out = append(out, map[string]any{"type": "input_json_delta", "partial_json": ""})
		switch {
		case f.broken != "":
			add("input_json_delta", "partial_json", f.broken)
		case string(f.input) != "{}":
			add("input_json_delta", "partial_json", string(f.input))
		}
	case "thinking":
		add("thinking_delta", "thinking", f.text)
		out = append(out, map[string]any{"type": "signature_delta", "signature": f.signature})
	}
	return out
}

func pieces(s string, n int) []string {
	runes := []rune(s)
	if n <= 0 || len(runes) <= n {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	var out []string
	for len(runes) > 0 {
		k := min(n, len(runes))
		out = append(out, string(runes[:k]))
		runes = runes[k:]
	}
	return out
}
