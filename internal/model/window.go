package model

import (
	"net/http"
	"regexp"
	"strconv"
)

// Window is how many tokens a request and its answer may have together, and
// how many of them the answer may take. Both are 0 for models without a bound:
// the demo model, and ids that nothing serves.
func (t *Table) Window(id string) (window, answer int64) {
	m, err := t.Resolve(id)
	if err != nil || m.Demo {
		return 0, 0
	}
	return m.ContextWindow, m.requestTokens()
}

// tooLong finds what upstreams say of a request that has too many tokens: the
// Messages API (also of old models, which count the answer), vLLM, llama.cpp,
// and gateways in front of other APIs.
var tooLong = regexp.MustCompile(`(?i)prompt is too long|exceeds? (the )?(available )?context|maximum context length|context[_ ]length[_ ]exceeded|context window`)

// limits are where such texts tell how many tokens there may be.
var limits = regexp.MustCompile(`(?i)> (\d+) maximum|\+ \d+ > (\d+)|context length is (?:only )?(\d+)|context size \((\d+)`)

// measure says of a refusal whether the request was too long, and for how many
// tokens.
func (e *Error) measure(w wireError) {
	switch {
	case e.Kind != KindRequestFailed:
		return
	case e.Status == http.StatusRequestEntityTooLarge, w.Type == "request_too_large":
		e.TooLong = true
		return
	case !tooLong.MatchString(w.Message) && !tooLong.MatchString(w.Code):
		return
	}
	e.TooLong = true
	for i, found := range limits.FindStringSubmatch(w.Message) {
		if n, err := strconv.ParseInt(found, 10, 64); i > 0 && err == nil {
			e.Limit = n
		}
	}
}
