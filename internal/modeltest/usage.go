package modeltest

import (
	"encoding/json"
	"fmt"
)

// wireUsage is the usage object of an answer.
type wireUsage struct {
	Input         int64 `json:"input_tokens"`
	CacheCreation int64 `json:"cache_creation_input_tokens"`
	CacheRead     int64 `json:"cache_read_input_tokens"`
	Split         struct {
		FiveMinutes int64 `json:"ephemeral_5m_input_tokens"`
		OneHour     int64 `json:"ephemeral_1h_input_tokens"`
	} `json:"cache_creation"`
	Output int64 `json:"output_tokens"`
}

// checkLength refuses a prompt of more tokens than the model takes.
func (s *Server) checkLength(req *Request) *apiError {
	limit := s.opts.limits(req.Model).Input
	if limit == 0 {
		return nil
	}
	n := req.Tokens()
	if n <= limit {
		return nil
	}
	s.mu.Lock()
	s.long = append(s.long, *req)
	s.mu.Unlock()
	return &apiError{400, "invalid_request_error", fmt.Sprintf("prompt is too long: %d tokens > %d maximum", n, limit)}
}

// Tokens is the estimate of the prompt's tokens: four bytes a token.
func (r *Request) Tokens() int64 {
	steps := r.steps()
	if len(steps) == 0 {
		return 1
	}
	return int64(steps[len(steps)-1].size/4) + 1
}

// lookback is how many blocks before a breakpoint a cached prefix may end.
const lookback = 20

// usage is what the reply says, or an estimate: four bytes a token, and a
// prompt cache that reads the longest prefix seen before and writes up to the
// last breakpoint. There is no minimum length and nothing expires.
func (s *Server) usage(req Request, rep Reply, blocks []finished) wireUsage {
	var u wireUsage
	if f := rep.usage; f != nil {
		u.Input, u.Output, u.CacheRead = f.Input, f.Output, f.CacheRead
		u.CacheCreation = f.CacheCreation5m + f.CacheCreation1h
		u.Split.FiveMinutes, u.Split.OneHour = f.CacheCreation5m, f.CacheCreation1h
		return u
	}
	for _, b := range blocks {
		u.Output += int64(len(b.raw)/4) + 1
	}
	steps := req.steps()
	read, last := 0, -1
	s.mu.Lock()
	for i, st := range steps {
		if !st.marked {
			continue
		}
		last = i
		for j := i; j >= 0 && i-j <= lookback; j-- {
			if s.cache[steps[j].digest] {
				read = max(read, steps[j].size)
				break
			}
		}
	}
	if last >= 0 {
		for _, st := range steps {
			if st.marked {
				s.cache[st.digest] = true
			}
		}
	}
	s.mu.Unlock()
	total, written := 0, 0
	if n := len(steps); n > 0 {
		total = steps[n-1].size
	}
	if last >= 0 {
		written = max(0, steps[last].size-read)
	}
	u.CacheRead, u.CacheCreation = int64(read/4), int64(written/4)
	u.Split.FiveMinutes = u.CacheCreation
	u.Input = int64((total-read-written)/4) + 1
	return u
}

// step is a prefix of a prompt.
type step struct {
	digest string
	size   int // bytes up to here
	marked bool
}

// steps are all prefixes of a prompt, block by block.
func (r *Request) steps() []step {
	var out []step
	p := newPath(&Request{}, true)
	size := 0
	put := func(kind string, raw []byte, mark json.RawMessage) {
		p.put(kind, raw)
		size += len(raw)
		out = append(out, step{p.digest(), size, len(mark) > 0 && string(mark) != "null"})
	}
	for _, t := range r.Tools {
		mark := t.CacheControl
		t.CacheControl = nil
		put("tool", mustJSON(t), mark)
	}
	for _, b := range r.System {
		put("system", canonical(b.Raw), b.CacheControl)
	}
	for _, b := range r.flatten(len(r.Messages)) {
		put(b.role, canonical(b.block.Raw), b.block.CacheControl)
	}
	return out
}
