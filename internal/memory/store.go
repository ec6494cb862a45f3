// Package memory holds the rules of memory stores: what a store and a memory
// may be, which changes are allowed, what becomes of their versions, how lists
// are rolled up, where stores are mounted and what the agent is told of them
// (Managed Agents API: memory stores). The rules are the same for clients of
// the API and for agents that write files.
//
// It does no I/O and imports wire and fault only.
package memory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of a store's texts, in characters.
const (
	MaxName        = 255
	MaxDescription = 1024
)

// MaxMemories is how many memories a store may hold (OpenAPI description:
// BetaManagedAgentsCreateMemoryParams).
const MaxMemories = 10_000

// NewStore is the store that the body of a create makes, without id and times.
func NewStore(p wire.MemoryStoreParams) (wire.MemoryStore, error) {
	s := wire.MemoryStore{Type: "memory_store"}
	switch {
	case !p.Name.Set:
		return s, fault.At("name", "field required")
	case p.Name.Null:
		return s, fault.At("name", "expected a string")
	}
	if err := setTexts(&s, p); err != nil {
		return s, err
	}
	metadata, err := wire.NewMetadata(p.Metadata.Value)
	s.Metadata = metadata
	return s, err
}

// UpdateStore is the store that an update of cur leads to, without its new
// updated_at. null is as good as absent. An archived store is refused.
func UpdateStore(cur wire.MemoryStore, p wire.MemoryStoreParams) (wire.MemoryStore, error) {
	if err := CheckActive(cur); err != nil {
		return cur, err
	}
	if err := setTexts(&cur, p); err != nil {
		return cur, err
	}
	metadata, err := p.Metadata.Value.Apply(cur.Metadata, false)
	cur.Metadata = metadata
	return cur, err
}

// CheckActive refuses a change to an archived store or to what is in it.
func CheckActive(s wire.MemoryStore) error {
	if s.ArchivedAt != nil {
		return fault.New(fault.Invalid, "Memory store `%s` is archived and can't be changed.", s.ID)
	}
	return nil
}

func setTexts(s *wire.MemoryStore, p wire.MemoryStoreParams) error {
	if name := p.Name; name.Set && !name.Null {
		switch n := utf8.RuneCountInString(name.Value); {
		case n == 0:
			return fault.At("name", "must not be empty")
		case n > MaxName:
			return fault.At("name", "at most %d characters, got %d", MaxName, n)
		case strings.ContainsFunc(name.Value, unicode.IsControl):
			return fault.At("name", "must not have control characters")
		}
		s.Name = name.Value
	}
	if d := p.Description; d.Set && !d.Null {
		if n := utf8.RuneCountInString(d.Value); n > MaxDescription {
			return fault.At("description", "at most %d characters, got %d", MaxDescription, n)
		}
		s.Description = d.Value
	}
	return nil
}
