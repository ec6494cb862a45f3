// Package session holds the rules of sessions: which events are accepted in
// which state, what a session may be created with, and how it changes.
//
// It does no I/O and may import wire, agent, fault and ids only.
package session

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Bounds of a session (Managed Agents API: sessions).
const (
	maxTitle         = 512 // Unicode code points
	maxInitialEvents = 50
	maxFileDocuments = 100 // file-sourced document blocks in initial_events
	maxVaults        = 50
)

// CheckInitialEvents checks initial_events: user messages only.
func CheckInitialEvents(events []wire.ClientEvent) ([]Accepted, error) {
	if len(events) > maxInitialEvents {
		return nil, fault.At("initial_events", "at most %d events", maxInitialEvents)
	}
	documents := 0
	out := make([]Accepted, len(events))
	for i, e := range events {
		path := fmt.Sprintf("initial_events[%d]", i)
		var a Accepted
		var err error
		switch v := e.V.(type) {
		case *wire.UserMessage:
			a, err = checkUserMessage(v)
		case *wire.UserDefineOutcome:
			err = fault.At("type", "outcomes are not supported yet by this server")
		default:
			err = fault.At("type", "only `user.message` and `user.define_outcome` are allowed in initial_events")
		}
		if err != nil {
			return nil, fault.Under(path, err)
		}
		for j := range a.Files {
			if a.Files[j].Block == "document" {
				documents++
			}
			a.Files[j].Path = fault.Join(path, a.Files[j].Path)
		}
		out[i] = a
	}
	if documents > maxFileDocuments {
		return nil, fault.At("initial_events", "at most %d documents with a file source", maxFileDocuments)
	}
	return out, nil
}

// CheckTitle checks a session's title.
func CheckTitle(title *string) error {
	if title != nil && len([]rune(*title)) > maxTitle {
		return fault.At("title", "at most %d characters", maxTitle)
	}
	return nil
}

// CheckBudget refuses budgets: this server has no price list yet.
func CheckBudget(b wire.Opt[jsontext.Value]) error {
	if b.Set && !b.Null {
		return fault.At("budget", "this server has no list prices, so a session can't have a budget").WithCode("model_not_budgetable")
	}
	return nil
}

// CheckVaults refuses too many vaults and one that is named twice. Whether
// they exist is the caller's to look up.
func CheckVaults(ids []string) error {
	if len(ids) > maxVaults {
		return fault.At("vault_ids", "at most %d vaults, got %d", maxVaults, len(ids))
	}
	for i, id := range ids {
		if j := slices.Index(ids, id); j < i {
			return fault.At(fmt.Sprintf("vault_ids[%d]", i), "vault `%s` is named at vault_ids[%d] already", id, j)
		}
	}
	return nil
}
