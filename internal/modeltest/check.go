package modeltest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// checkHeaders checks what doesn't need the body.
func checkHeaders(hr *http.Request, key string) error {
	apiKey := hr.Header.Get("x-api-key")
	bearer, isBearer := strings.CutPrefix(hr.Header.Get("Authorization"), "Bearer ")
	switch {
	case apiKey == "" && (!isBearer || bearer == ""):
		return &apiError{401, "authentication_error", "x-api-key header is required"}
	case apiKey != "" && isBearer:
		return &apiError{401, "authentication_error", "send one credential, not x-api-key and Authorization"}
	case key != "" && apiKey+bearer != key:
		return &apiError{401, "authentication_error", "invalid x-api-key"}
	}
	switch v := hr.Header.Get("anthropic-version"); v {
	case "2023-06-01", "2026-10-21":
	case "":
		return invalid("anthropic-version: header is required")
	default:
		return invalid("anthropic-version: %q is not a valid version", v)
	}
	if ct := hr.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		return invalid("Content-Type: %q is not application/json", ct)
	}
	return nil
}

// check checks a decoded request.
func (s *Server) check(req *Request) error {
	lim := s.opts.limits(req.Model)
	for _, f := range []func(*Request, Limits) error{
		checkParams, checkModel, checkTools, checkSystem, checkRoles, s.checkBlocks, checkPairs, checkMarks, s.checkThinking, checkEnd,
	} {
		if err := f(req, lim); err != nil {
			return err
		}
	}
	if s.opts.flagConsecutive {
		for i := 1; i < len(req.Messages); i++ {
			if req.Messages[i].Role == req.Messages[i-1].Role {
				return invalid("messages.%d: two %s messages in a row (flagged by this test; the service merges them)", i, req.Messages[i].Role)
			}
		}
	}
	return nil
}

// params are the parameters that a request may have. Sampling parameters are
// not among them: API version 2026-10-21 refuses them, and newer models too.
var params = []string{
	"model", "max_tokens", "messages", "system", "tools", "tool_choice", "stream", "thinking", "output_config", "speed",
	"inference_geo", "metadata", "service_tier", "stop_sequences", "cache_control", "container", "context_management", "mcp_servers",
}

func checkParams(req *Request, _ Limits) error {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(req.Raw, &top); err != nil {
		return invalid("The request body is not valid JSON: %v", err)
	}
	for k := range top {
		if !slices.Contains(params, k) {
			return invalid("%s: Extra inputs are not permitted", k)
		}
	}
	for _, k := range []string{"model", "max_tokens", "messages"} {
		if len(top[k]) == 0 || string(top[k]) == "null" {
			return invalid("%s: Field required", k)
		}
	}
	return nil
}

func checkModel(req *Request, lim Limits) error {
	if req.Model == "" {
		return invalid("model: String should have at least 1 character")
	}
	if lim.Unknown {
		return &apiError{404, "not_found_error", "model: " + req.Model}
	}
	if *req.MaxTokens < 1 {
		return invalid("max_tokens: must be greater than or equal to 1")
	}
	if lim.Output > 0 && *req.MaxTokens > lim.Output {
		return invalid("max_tokens: %d > %d, which is the maximum allowed number of output tokens for %s", *req.MaxTokens, lim.Output, req.Model)
	}
	if req.Thinking != nil {
		switch {
		case req.Thinking.Type == "adaptive" && !lim.Adaptive:
			return invalid("adaptive thinking is not supported on this model")
		case req.Thinking.Type != "adaptive":
			return invalid("\"thinking.type.%s\" is not supported for this model", req.Thinking.Type)
		}
	}
	if c := req.OutputConfig; c != nil && c.Effort != "" {
		switch {
		case len(lim.Effort) == 0:
			return invalid("This model does not support the effort parameter.")
		case !slices.Contains(lim.Effort, c.Effort):
			return invalid("output_config.effort: level '%s' is not supported on this model", c.Effort)
		}
	}
	switch req.Speed {
	case "", "standard":
	case "fast":
		if !lim.Fast {
			return invalid("'%s' does not support the `speed` parameter.", req.Model)
		}
		if lim.FastBeta && !strings.Contains(strings.Join(req.Header.Values("anthropic-beta"), ","), "fast-mode-2026-02-01") {
			return invalid("speed: Extra inputs are not permitted")
		}
	default:
		return invalid("speed: Input should be 'standard' or 'fast'")
	}
	return nil
}

func checkSystem(req *Request, _ Limits) error {
	for i, b := range req.System {
		if b.Type != "text" {
			return invalid("system.%d.type: Input should be 'text'", i)
		}
		if strings.TrimSpace(b.Text) == "" && !(b.short && b.Text == "") {
			return invalid("system: text content blocks must be non-empty")
		}
	}
	return nil
}

// checkEnd checks the last message.
func checkEnd(req *Request, lim Limits) error {
	last := req.Last()
	if last.Role != "assistant" || len(last.Content) == 0 {
		return nil
	}
	if slices.ContainsFunc(last.Content, func(b Block) bool { return b.Type == "server_tool_use" }) {
		return nil // an answer that paused goes on
	}
	if !lim.Prefill {
		return invalid("This model does not support assistant message prefill. The conversation must end with a user message.")
	}
	b := last.Content[len(last.Content)-1]
	if b.Type == "text" && strings.TrimRight(b.Text, " \t\r\n") != b.Text {
		return invalid("messages: final assistant content cannot end with trailing whitespace")
	}
	return nil
}
