package model

import (
	"slices"
	"time"
)

// Info is a model as GET /v1/models shows it. Every key is always present.
type Info struct {
	ID             string       `json:"id"`
	Type           string       `json:"type"` // "model"
	DisplayName    string       `json:"display_name"`
	CreatedAt      time.Time    `json:"created_at"` // release; the epoch if unknown
	Lifecycle      Lifecycle    `json:"lifecycle"`
	DeprecatedAt   *time.Time   `json:"deprecated_at"`
	RetiresAt      *time.Time   `json:"retires_at"`
	Line           *string      `json:"line"`
	MaxInputTokens int64        `json:"max_input_tokens"`
	MaxTokens      int64        `json:"max_tokens"`
	Capabilities   InfoFeatures `json:"capabilities"`
	Fallbacks      []string     `json:"allowed_fallback_models"` // never null
}

// Support says whether something is supported.
type Support struct {
	Supported bool `json:"supported"`
}

// InfoFeatures is the capabilities object of a model.
type InfoFeatures struct {
	Batch             Support        `json:"batch"`
	Citations         Support        `json:"citations"`
	CodeExecution     Support        `json:"code_execution"`
	ImageInput        Support        `json:"image_input"`
	PDFInput          Support        `json:"pdf_input"`
	StructuredOutputs Support        `json:"structured_outputs"`
	Context           InfoContext    `json:"context_management"`
	Effort            InfoEffort     `json:"effort"`
	ServerTools       InfoTools      `json:"server_tools"`
	Thinking          InfoThinking   `json:"thinking"`
	Compaction        InfoCompaction `json:"compaction"`
}

// InfoContext is which context management strategies the model's server has.
type InfoContext struct {
	Support
	ClearThinking Support `json:"clear_thinking_20251015"`
	ClearToolUses Support `json:"clear_tool_uses_20250919"`
	Compact       Support `json:"compact_20260112"`
}

// InfoEffort is which effort levels the model takes.
type InfoEffort struct {
	Support
	Low    Support `json:"low"`
	Medium Support `json:"medium"`
	High   Support `json:"high"`
	XHigh  Support `json:"xhigh"`
	Max    Support `json:"max"`
}

// InfoTools is which tools the model's server runs itself.
type InfoTools struct {
	Support
	CodeExecution Support `json:"code_execution"`
	WebSearch     Support `json:"web_search"`
}

// InfoThinking is which thinking.type values the model takes.
type InfoThinking struct {
	Support
	Types struct {
		Adaptive     Support `json:"adaptive"`
		BetweenTools Support `json:"between_tools"`
		Disabled     Support `json:"disabled"`
		Enabled      Support `json:"enabled"`
	} `json:"types"`
}

// InfoCompaction is whether the model's server compacts conversations.
type InfoCompaction struct {
	Support
	Summarize Support `json:"summarize"`
}

// info is the public form of a spec. Features that only the upstream's own
// endpoints offer (batches, context management, compaction) are not offered
// here, and not listed as if they were.
func (s *Spec) info() Info {
	i := Info{
		ID: s.ID, Type: "model", DisplayName: s.DisplayName, Lifecycle: s.Lifecycle,
		CreatedAt: time.Unix(0, 0).UTC(), MaxInputTokens: s.ContextWindow, MaxTokens: s.MaxTokens,
		Fallbacks: []string{},
	}
	if !s.Released.IsZero() {
		i.CreatedAt = s.Released.UTC()
	}
	if s.Line != "" {
		i.Line = &s.Line
	}
	for _, p := range []struct {
		dst **time.Time
		t   time.Time
	}{{&i.DeprecatedAt, s.Deprecated}, {&i.RetiresAt, s.Retires}} {
		if !p.t.IsZero() {
			t := p.t.UTC()
			*p.dst = &t
		}
	}
	c := &i.Capabilities
	c.Citations = Support{s.PDF}
	c.ImageInput = Support{s.Images}
	c.PDFInput = Support{s.PDF}
	c.StructuredOutputs = Support{s.Structured}
	c.Effort = InfoEffort{
		Support: Support{len(s.Effort) > 0},
		Low:     Support{s.takesEffort("low")}, Medium: Support{s.takesEffort("medium")}, High: Support{s.takesEffort("high")},
		XHigh: Support{s.takesEffort("xhigh")}, Max: Support{s.takesEffort("max")},
	}
	th := s.Thinking
	c.Thinking.Supported = th.Adaptive || th.Enabled || th.BetweenTools
	c.Thinking.Types.Adaptive = Support{th.Adaptive}
	c.Thinking.Types.BetweenTools = Support{th.BetweenTools}
	c.Thinking.Types.Disabled = Support{th.Disabled}
	c.Thinking.Types.Enabled = Support{th.Enabled}
	return i
}

// Get finds a model by id or alias, for GET /v1/models/{id}. It finds what
// List has, whatever its lifecycle; other ids that the table would serve are
// not models that anybody announced.
func (t *Table) Get(id string) (Info, bool) {
	m, err := t.Resolve(id)
	if err != nil {
		return Info{}, false
	}
	for _, i := range t.List() {
		if i.ID == m.ID {
			return i, true
		}
	}
	return Info{}, false
}

// List is every model there is to announce, newest first: the ids that the
// models file names, what Refresh learned from the upstreams, and the built-in
// Claude models where an upstream has not been asked (or failed to tell) and
// may be expected to serve them. Retired ones are among them.
func (t *Table) List() []Info {
	var out []Info
	seen := map[string]bool{}
	add := func(id string) {
		m, err := t.Resolve(id)
		if err != nil || seen[m.ID] {
			return
		}
		seen[m.ID] = true
		i := m.info()
		if m.Demo {
			i.DisplayName += " (demo model)"
		}
		out = append(out, i)
	}
	if t.Demo() {
		add(DemoID)
	}
	for i := range t.routes {
		if e := &t.routes[i].entry; !t.routes[i].rest && e.literal() {
			add(e.Match)
		}
	}
	for _, id := range t.live.ids() {
		add(id)
	}
	for i := range t.specs {
		if t.announces(t.specs[i].ID) {
			add(t.specs[i].ID)
		}
	}
	slices.SortStableFunc(out, func(a, b Info) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return out
}

// DemoID is the id under which the demo model announces itself.
const DemoID = "ostler-demo"

// announces reports whether a built-in id is worth listing: whatever serves it
// has not said which models it has.
func (t *Table) announces(id string) bool {
	m, err := t.Resolve(id)
	if err != nil {
		return false
	}
	return m.Demo || !t.live.told(m.up.endpoint)
}
