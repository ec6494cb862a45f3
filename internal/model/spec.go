package model

import (
	"slices"
	"time"
)

// EffortLevels are the levels of Request.Effort, from least to most.
var EffortLevels = []string{"low", "medium", "high", "xhigh", "max"}

// defaultEffort is what a model does that was told no level, and all that a
// model without the parameter can do.
const defaultEffort = "high"

// Spec is what the table knows about one model.
type Spec struct {
	ID          string // the id that clients use
	DisplayName string
	Line        string    // haiku, sonnet, opus, fable, mythos, or ""
	Released    time.Time // zero if unknown
	Lifecycle   Lifecycle
	Deprecated  time.Time // zero if it isn't
	Retires     time.Time // zero if not planned

	ContextWindow int64 // tokens of input and output together
	MaxTokens     int64 // most tokens of one answer

	Effort        []string // levels the model takes; nil: it takes no effort parameter
	DefaultEffort string   // what the model does if it is told no level
	Thinking      Thinking
	Images        bool // image blocks
	PDF           bool // PDF document blocks
	System        bool // messages of role system in mid-conversation
	Fast          bool // speed fast
	Structured    bool // strict schemas
	ServerTools   bool // the upstream runs web search and code execution
	NoCache       bool // send no cache_control

	Price   Price
	Aliases []string // further ids under which the model is found
}

// Thinking is which thinking.type values a model takes.
type Thinking struct {
	Adaptive, BetweenTools, Disabled, Enabled bool
}

// Lifecycle is a model's stage of life.
type Lifecycle string

// The stages.
const (
	Active     Lifecycle = "active"
	Deprecated Lifecycle = "deprecated"
	Retired    Lifecycle = "retired"
)

// unknownSpec is what is assumed of an id nobody described: plain text, tools
// and images, no parameter that a server may refuse.
func unknownSpec(id string) Spec {
	return Spec{
		ID: id, DisplayName: id, Lifecycle: Active,
		ContextWindow: 131072, MaxTokens: 8192,
		DefaultEffort: defaultEffort,
		Thinking:      Thinking{Disabled: true},
		Images:        true,
	}
}

// demoSpec is what the demo model makes of an id nobody described: it takes
// every parameter and heeds none.
func demoSpec(id string) Spec {
	s := unknownSpec(id)
	s.Effort, s.Fast, s.System = EffortLevels, true, true
	return s
}

// maxRequestTokens bounds the max_tokens of a request below the cap of large
// models, so that one run-away answer is cut and the turn can go on.
const maxRequestTokens = 64000

// requestTokens is the max_tokens that a request carries.
func (s *Spec) requestTokens() int64 { return min(s.MaxTokens, maxRequestTokens) }

// takesEffort reports whether level can be sent to the model.
func (s *Spec) takesEffort(level string) bool { return slices.Contains(s.Effort, level) }

// Price is a list price in US dollars per million tokens. The zero Price is
// that of a model nobody charges for.
type Price struct {
	Input        float64 `json:"input"`
	Output       float64 `json:"output"`
	CacheWrite5m float64 `json:"cache_write_5m"`
	CacheWrite1h float64 `json:"cache_write_1h"`
	CacheRead    float64 `json:"cache_read"`

	FastFactor float64 `json:"fast_factor"` // all prices at speed fast; 0 is 1
	LongAt     int64   `json:"long_at"`     // prompts of more tokens than this …
	LongFactor float64 `json:"long_factor"` // … cost this many times as much; 0 is 1
}

// Cost is what a request cost in US dollars. Cache writes that usage doesn't
// split by lifetime are taken as five-minute ones.
func (p Price) Cost(u Usage, fast bool) float64 {
	rest := max(0, u.CacheCreation-u.CacheCreation5m-u.CacheCreation1h)
	usd := float64(u.Input)*p.Input + float64(u.Output)*p.Output +
		float64(u.CacheCreation5m+rest)*p.CacheWrite5m + float64(u.CacheCreation1h)*p.CacheWrite1h +
		float64(u.CacheRead)*p.CacheRead
	if p.LongAt > 0 && p.LongFactor > 0 && u.Input+u.CacheCreation+u.CacheRead > p.LongAt {
		usd *= p.LongFactor
	}
	if fast && p.FastFactor > 0 {
		usd *= p.FastFactor
	}
	return usd / 1e6
}
