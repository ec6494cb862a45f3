package agent

import (
	"strings"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of an agent's texts, in Unicode code points.
const (
	MaxName        = 256
	MaxDescription = 2048
	MaxSystem      = 100_000
)

func applyTexts(s *wire.AgentSpec, p wire.AgentParams) error {
	if p.Name.Set {
		switch name := p.Name.Value; {
		case p.Name.Null:
			return fault.At("name", "expected a string")
		case strings.TrimSpace(name) == "":
			return fault.At("name", "must not be empty")
		case utf8.RuneCountInString(name) > MaxName:
			return tooLong("name", MaxName)
		default:
			s.Name = name
		}
	}
	if p.Description.Set {
		if err := applyText(&s.Description, "description", p.Description, MaxDescription); err != nil {
			return err
		}
	}
	if p.System.Set {
		return applyText(&s.System, "system", p.System, MaxSystem)
	}
	return nil
}

// applyText sets a text; null and "" clear it.
func applyText(dst **string, path string, v wire.Opt[string], limit int) error {
	switch {
	case utf8.RuneCountInString(v.Value) > limit:
		return tooLong(path, limit)
	case v.Null || v.Value == "":
		*dst = nil
	default:
		*dst = &v.Value
	}
	return nil
}

func tooLong(path string, limit int) error { return fault.At(path, "at most %d characters", limit) }

// checkLength wants 1 to limit characters, not all of them blanks.
func checkLength(path, s string, limit int) error {
	switch n := utf8.RuneCountInString(s); {
	case n == 0 || n <= limit && strings.TrimSpace(s) == "":
		return fault.At(path, "field required: 1 to %d characters", limit)
	case n > limit:
		return tooLong(path, limit)
	}
	return nil
}
