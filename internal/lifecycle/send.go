package lifecycle

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/session"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Send takes in events of a client, all or none, and answers the stored
// events.
func (s *Service) Send(ctx context.Context, id string, events []wire.ClientEvent) (*wire.SentEvents, error) {
	var out *wire.SentEvents
	interrupts := false
	err := s.DB.Update(ctx, func(tx store.Tx) error {
		out, interrupts = &wire.SentEvents{}, false
		row, err := store.GetSession(tx, id)
		if err != nil {
			return missing(err, id)
		}
		state, err := s.stateOf(tx, row)
		if err != nil {
			return err
		}
		accepted, starts, err := session.Accept(state, events)
		if err != nil {
			return err
		}
		if err := checkFiles(tx, accepted); err != nil {
			return err
		}
		for _, a := range accepted {
			interrupts = interrupts || a.Type == wire.TypeUserInterrupt
		}
		out.Data, err = s.admit(tx, row, accepted, starts)
		return err
	})
	if err != nil {
		return nil, err
	}
	if interrupts {
		s.Turns.Interrupt(id)
	} else {
		s.Turns.Wake(id)
	}
	return out, nil
}

// stateOf is what the rules need to know of a session.
func (s *Service) stateOf(tx store.Tx, row *store.Session) (session.State, error) {
	state := session.State{Terminated: row.Status == wire.Terminated, Parked: row.Parked, ThreadID: row.ThreadID}
	doc, err := row.Doc()
	if err != nil {
		return state, err
	}
	state.SelfHosted = doc.Environment == wire.TypeSelfHosted
	state.MidSystem = func() bool { return s.Models.MidConversationSystem(doc.Agent.Model.ID) }
	calls, err := store.Calls(tx, row.ID)
	for _, c := range calls {
		state.Calls = append(state.Calls, session.OpenCall{
			ID: c.EventID, Custom: c.Kind == store.CallCustom, Hosted: c.Kind == store.CallWeb || c.Kind == store.CallMCP,
			Asks: c.Awaits == store.AwaitsConfirmation, Decided: c.Decided != "", Client: c.Awaits == store.AwaitsResult,
		})
	}
	return state, err
}

// admit stores accepted events: results of the client go into the log at
// once, everything else into the inbox. A session that starts is running from
// now on for everyone who looks; the turn says so in the log.
func (s *Service) admit(tx store.Tx, row *store.Session, accepted []session.Accepted, starts bool) ([]jsontext.Value, error) {
	batch := s.Journal.Batch(row)
	data := make([]jsontext.Value, 0, len(accepted))
	for _, a := range accepted {
		d := journal.Draft{Type: a.Type, Body: a.Event}
		var err error
		switch {
		case a.Allows != "":
			err = store.DecideCall(tx, row.ID, a.Allows, "allow")
		case a.Denies != "":
			err = store.DecideCall(tx, row.ID, a.Denies, "deny")
		case a.Closes != "":
			err = store.CloseCall(tx, row.ID, a.Closes)
		}
		if err != nil {
			return nil, err
		}
		if !a.Queue {
			data = append(data, batch.Add(d).Data)
			continue
		}
		// A message that has to wait is shown at once, and again when it is
		// taken up.
		waits := row.Status != wire.Idle && (a.Type == wire.TypeUserMessage || a.Type == wire.TypeSystemMessage)
		queued, err := s.Journal.Enqueue(tx, row, d, waits)
		if err != nil {
			return nil, err
		}
		data = append(data, queued)
	}
	if err := batch.Flush(tx); err != nil {
		return nil, err
	}
	if starts && row.Status == wire.Idle {
		now := s.Now().UnixMicro()
		row.Status, row.Parked, row.RunningSince = wire.Running, false, &now
	}
	return data, store.SaveState(tx, row)
}

// checkFiles checks that the files which events name exist and fit.
func checkFiles(tx store.Tx, accepted []session.Accepted) error {
	for _, a := range accepted {
		for _, ref := range a.Files {
			f, err := store.GetFile(tx, ref.ID)
			if errors.Is(err, store.ErrNotFound) {
				return fault.At(ref.Path, "no file `%s`", ref.ID)
			}
			if err != nil {
				return err
			}
			if err := ref.CheckFileType(f.MimeType); err != nil {
				return err
			}
		}
	}
	return nil
}
