package model

import (
	"time"

	anthropic "github.com/anthropics/anthropic-sdk-go/v2"
)

// catalogue returns the Claude models known at build time: the ids of the
// SDK's constants with limits, capabilities and list prices of November 2026.
// An entry of the models file overrides any of it.
func catalogue() []Spec {
	var (
		all      = EffortLevels
		noXHigh  = []string{"low", "medium", "high", "max"}
		upToHigh = []string{"low", "medium", "high"}

		always   = Thinking{Adaptive: true} // can't be turned off
		adaptive = Thinking{Adaptive: true, Disabled: true}
		between  = Thinking{Adaptive: true, BetweenTools: true}
		both     = Thinking{Adaptive: true, Disabled: true, Enabled: true} // budgets still taken
		budget   = Thinking{Enabled: true, Disabled: true}                 // no adaptive thinking
		opus5    = price(5, 25, 0.50)
		sonnet5  = price(2, 10, 0.20)
		sonnet4  = price(3, 15, 0.30)
		fable51  = price(10, 50, 0.25)
		fable52  = price(8, 40, 0.20).fast(2)
		haiku55  = price(0.10, 0.50, 0.01).long(100_000, 5)
		opus55   = price(4, 20, 0.20).fast(2)
		v4       = Spec{ContextWindow: 200_000, MaxTokens: 64_000}
		v46      = Spec{ContextWindow: 1_000_000, MaxTokens: 128_000}
		v5       = Spec{ContextWindow: 1_000_000, MaxTokens: 128_000, System: true}
	)
	return []Spec{
		v5.is(anthropic.ModelClaudeFable5_2, "Claude Fable 5.2", "fable", day(2026, 11, 9)).can(all, always, fable52).speedy(),
		v5.is(anthropic.ModelClaudeMythos5_2, "Claude Mythos 5.2", "mythos", day(2026, 11, 9)).can(all, always, fable52).speedy(),
		v5.is(anthropic.ModelClaudeHaiku5_5, "Claude Haiku 5.5", "haiku", day(2026, 10, 7)).can(all, adaptive, haiku55).effort("medium"),
		v5.is(anthropic.ModelClaudeSonnet5_5, "Claude Sonnet 5.5", "sonnet", day(2026, 9, 28)).can(all, between, sonnet5),
		v5.is(anthropic.ModelClaudeOpus5_5, "Claude Opus 5.5", "opus", day(2026, 9, 22)).can(all, always, opus55).effort("medium").speedy(),
		v5.is(anthropic.ModelClaudeFable5_1, "Claude Fable 5.1", "fable", day(2026, 9, 1)).can(all, always, fable51),
		v5.is(anthropic.ModelClaudeMythos5_1, "Claude Mythos 5.1", "mythos", day(2026, 9, 1)).can(all, always, fable51),
		v5.is(anthropic.ModelClaudeOpus5, "Claude Opus 5", "opus", day(2026, 7, 24)).can(all, adaptive, opus5.fast(2)).speedy(),
		v5.is(anthropic.ModelClaudeSonnet5, "Claude Sonnet 5", "sonnet", day(2026, 6, 30)).can(all, adaptive, sonnet5),
		v5.is(anthropic.ModelClaudeFable5, "Claude Fable 5", "fable", day(2026, 6, 9)).can(all, always, price(10, 50, 1)),
		v5.is(anthropic.ModelClaudeMythos5, "Claude Mythos 5", "mythos", day(2026, 6, 9)).can(all, always, price(10, 50, 1)),
		// Speed fast of Opus 4.8 ends on 30 November 2026: not offered any more.
		v5.is(anthropic.ModelClaudeOpus4_8, "Claude Opus 4.8", "opus", day(2026, 5, 28)).can(all, adaptive, opus5),
		v46.is(anthropic.ModelClaudeOpus4_7, "Claude Opus 4.7", "opus", day(2026, 4, 16)).can(all, adaptive, opus5),
		v46.is(anthropic.ModelClaudeMythosPreview, "Claude Mythos Preview", "mythos", day(2026, 4, 7)).can(noXHigh, always, Price{}).
			retired(day(2026, 6, 9), day(2026, 6, 30)),
		v46.is(anthropic.ModelClaudeSonnet4_6, "Claude Sonnet 4.6", "sonnet", day(2026, 2, 17)).can(noXHigh, both, sonnet4).output(64_000),
		v46.is(anthropic.ModelClaudeOpus4_6, "Claude Opus 4.6", "opus", day(2026, 2, 5)).can(noXHigh, both, opus5),
		v4.is(anthropic.ModelClaudeOpus4_5_20251101, "Claude Opus 4.5", "opus", day(2025, 11, 24)).can(upToHigh, budget, opus5).
			also(anthropic.ModelClaudeOpus4_5),
		v4.is(anthropic.ModelClaudeHaiku4_5_20251001, "Claude Haiku 4.5", "haiku", day(2025, 10, 15)).can(nil, budget, price(1, 5, 0.10)).
			also(anthropic.ModelClaudeHaiku4_5),
		v4.is(anthropic.ModelClaudeSonnet4_5_20250929, "Claude Sonnet 4.5", "sonnet", day(2025, 9, 29)).can(nil, budget, sonnet4).
			also(anthropic.ModelClaudeSonnet4_5).deprecated(day(2026, 9, 30), day(2026, 11, 30)),
	}
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// price fills in the usual cache write prices: 1.25 and 2 times the input.
func price(input, output, cacheRead float64) Price {
	return Price{Input: input, Output: output, CacheRead: cacheRead, CacheWrite5m: input * 1.25, CacheWrite1h: input * 2}
}

func (p Price) fast(factor float64) Price { p.FastFactor = factor; return p }

func (p Price) long(at int64, factor float64) Price { p.LongAt, p.LongFactor = at, factor; return p }

func (s Spec) is(id, name, line string, released time.Time) Spec {
	s.ID, s.DisplayName, s.Line, s.Released, s.Lifecycle = id, name, line, released, Active
	s.Images, s.PDF, s.Structured, s.ServerTools = true, true, true, true
	return s
}

func (s Spec) can(effort []string, th Thinking, p Price) Spec {
	s.Effort, s.DefaultEffort, s.Thinking, s.Price = effort, defaultEffort, th, p
	return s
}

func (s Spec) effort(level string) Spec { s.DefaultEffort = level; return s }

func (s Spec) output(tokens int64) Spec { s.MaxTokens = tokens; return s }

func (s Spec) speedy() Spec { s.Fast = true; return s }

func (s Spec) also(ids ...string) Spec { s.Aliases = ids; return s }

func (s Spec) deprecated(since, retires time.Time) Spec {
	s.Lifecycle, s.Deprecated, s.Retires = Deprecated, since, retires
	return s
}

func (s Spec) retired(since, retires time.Time) Spec {
	s.Lifecycle, s.Deprecated, s.Retires = Retired, since, retires
	return s
}
