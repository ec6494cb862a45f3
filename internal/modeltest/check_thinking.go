package modeltest

import "strings"

// checkThinking checks that thinking comes back as it was given: signed,
// unaltered, and with the tool calls that it led to.
func (s *Server) checkThinking(req *Request, _ Limits) error {
	path := newPath(req, s.opts.bindThinking)
	for _, p := range req.flatten(len(req.Messages)) {
		b := p.block
		switch b.Type {
		case "thinking":
			if b.Signature == "" {
				return invalid("%s.thinking.signature: Field required", p.where())
			}
			if !s.signer.valid("thinking", b.Thinking, path.digest(), b.Signature) {
				return invalid("%s: Invalid `signature` in `thinking` block", p.where())
			}
		case "redacted_thinking":
			nonce, sig, _ := strings.Cut(b.Data, ".")
			if !s.signer.valid("redacted_thinking", nonce, path.digest(), sig) {
				return invalid("%s: Invalid `data` in `redacted_thinking` block", p.where())
			}
		}
		path.add(p.role, b.Raw)
	}
	return s.checkDropped(req)
}

// checkDropped checks the turn that is going on: if thinking came before a
// call, it must still be there when the call's result is sent. Thinking of
// earlier turns may be left out.
func (s *Server) checkDropped(req *Request) error {
	begin := 0
	for i, m := range req.Messages {
		if m.Role == "user" && (len(m.Content) == 0 || m.Content[0].Type != "tool_result") {
			begin = i
		}
	}
	present := map[string]bool{}
	for i := begin; i < len(req.Messages); i++ {
		for j, b := range req.Messages[i].Content {
			switch b.Type {
			case "thinking":
				present[b.Signature] = true
			case "redacted_thinking":
				present[b.Data] = true
			case "tool_use":
				s.mu.Lock()
				sig := s.thoughts[b.ID]
				s.mu.Unlock()
				if sig != "" && !present[sig] {
					return invalid("messages.%d.content.%d.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. The thinking that led to this call is missing or comes after it.", i, j)
				}
			}
		}
	}
	return nil
}
