package server

import (
	"slices"

	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// memoryBrief tells the agent of the memory stores of its session (Managed
// Agents API: memory stores).
func memoryBrief(tx store.Tx, s *store.Session, doc *store.SessionDoc) ([]string, error) {
	if !slices.ContainsFunc(doc.Agent.Tools, func(t wire.Tool) bool { return t.Agent != nil }) {
		return nil, nil // it has no means to look there
	}
	mounted, err := store.MountedStores(tx, s.ID)
	var out []string
	for _, r := range mounted {
		out = append(out, memory.Note(r))
	}
	return out, err
}
