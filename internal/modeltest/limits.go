package modeltest

import "strings"

// Limits say what a model takes.
type Limits struct {
	Unknown  bool     // there is no such model: 404
	Adaptive bool     // thinking.type adaptive
	Effort   []string // levels of output_config.effort
	System   bool     // messages of role system
	Prefill  bool     // a conversation may end with an assistant message
	Fast     bool     // speed fast
	FastBeta bool     // … only with its beta header
	Output   int64    // most max_tokens, 0 for no limit
	Input    int64    // most tokens of a prompt as usage estimates them, 0 for no limit
}

// KnownLimits are the limits of Claude models, by their ids. Ids that are not
// Claude's take plain requests only. The id "missing" is unknown.
func KnownLimits(model string) Limits {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(model, p) {
				return true
			}
		}
		return false
	}
	switch {
	case model == "missing":
		return Limits{Unknown: true}
	case has("haiku-4-5", "sonnet-4-5"):
		return Limits{Prefill: true, Output: 64000}
	case has("opus-4-5"):
		return Limits{Prefill: true, Output: 64000, Effort: []string{"low", "medium", "high"}}
	case has("opus-4-6", "sonnet-4-6", "mythos-preview"):
		return Limits{Adaptive: true, Output: 128000, Effort: []string{"low", "medium", "high", "max"}}
	case strings.HasPrefix(model, "claude-"):
		return Limits{
			Adaptive: true, Output: 128000, Effort: []string{"low", "medium", "high", "xhigh", "max"},
			System:   !has("opus-4-7"),
			Fast:     has("opus-5", "fable-5-2", "mythos-5-2"),
			FastBeta: strings.HasSuffix(model, "opus-5"),
		}
	}
	return Limits{Prefill: true}
}
