package lifecycle

import (
	"context"
	"maps"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ostlerdev/ostler/internal/agent"
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/session"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Update changes a session's title, metadata or tools. If anything really
// changed, the log says so (Managed Agents API: sessions §5).
func (s *Service) Update(ctx context.Context, id string, p wire.UpdateSession) (out *wire.Session, err error) {
	err = s.DB.Update(ctx, func(tx store.Tx) error {
		row, err := store.GetSession(tx, id)
		if err != nil {
			return missing(err, id)
		}
		changed, err := s.change(row, p)
		if err != nil {
			return err
		}
		if changed != nil {
			if err := s.log(tx, row, journal.Draft{Type: changed.Type, Body: changed}); err != nil {
				return err
			}
			if err := store.SaveDoc(tx, row); err != nil {
				return err
			}
		}
		out, err = s.wired(tx, row)
		return err
	})
	return out, err
}

// log appends one event of a change and saves the state.
func (s *Service) log(tx store.Tx, row *store.Session, drafts ...journal.Draft) error {
	batch := s.Journal.Batch(row)
	for _, d := range drafts {
		batch.Add(d)
	}
	if err := batch.Flush(tx); err != nil {
		return err
	}
	return store.SaveState(tx, row)
}

// change applies p to the document of row. It returns what changed, nil if
// nothing did.
func (s *Service) change(row *store.Session, p wire.UpdateSession) (*wire.SessionUpdated, error) {
	if row.Status == wire.Terminated {
		return nil, fault.New(fault.Invalid, "session is archived")
	}
	if p.VaultIDs.Set {
		return nil, fault.At("vault_ids", "not yet supported in an update")
	}
	if p.Budget.Set && !p.Budget.Null {
		return nil, fault.At("budget", "the session was created without a budget").WithCode("budget_create_only")
	}
	doc, err := row.Doc()
	if err != nil {
		return nil, err
	}
	event := &wire.SessionUpdated{Type: wire.TypeSessionUpdated}
	changed := false
	if p.Title.Set {
		title := (*string)(nil)
		if !p.Title.Null {
			title = &p.Title.Value
		}
		if err := session.CheckTitle(title); err != nil {
			return nil, err
		}
		if !equal(title, doc.Title) {
			doc.Title, changed = title, true
			event.Title = jsontext.Value(wire.Encode(title))
		}
	}
	if p.Metadata.Set {
		next, err := p.Metadata.Value.Apply(doc.Metadata, false)
		if err != nil {
			return nil, err
		}
		if !maps.Equal(next, doc.Metadata) {
			doc.Metadata, event.Metadata, changed = next, next, true
		}
	}
	if p.Agent.Set {
		if p.Agent.Null {
			return nil, fault.At("agent", "expected an object")
		}
		if row.Status != wire.Idle {
			return nil, fault.At("agent", "the session must be idle to change its tools, it is %s", row.Status)
		}
		spec, differs, err := agent.UpdateTools(doc.Agent.AgentSpec, p.Agent.Value)
		if err != nil {
			return nil, err
		}
		if differs {
			doc.Agent.AgentSpec, event.Agent, changed = spec, &doc.Agent, true
		}
	}
	if !changed {
		return nil, nil
	}
	return event, nil
}

func equal(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
