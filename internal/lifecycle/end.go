package lifecycle

import (
	"context"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Archive ends a session and keeps its history. It is idempotent.
func (s *Service) Archive(ctx context.Context, id string) (out *wire.Session, err error) {
	ended := false
	var blobs []string
	err = s.DB.Update(ctx, func(tx store.Tx) error {
		ended, blobs = false, nil
		row, err := store.GetSession(tx, id)
		if err != nil {
			return missing(err, id)
		}
		if row.ArchivedAt == nil {
			if err := refuseRunning(row, "archive"); err != nil {
				return err
			}
			if err := s.terminate(tx, row); err != nil {
				return err
			}
			if blobs, err = store.ReleaseSkills(tx, id); err != nil {
				return err
			}
			ended = true
		}
		out, err = s.wired(tx, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	if ended {
		s.Ended(id, false)
		s.Unused(blobs)
	}
	return out, nil
}

// refuseRunning refuses to end a session at work.
func refuseRunning(row *store.Session, verb string) error {
	if row.Status == wire.Running || row.Status == wire.Rescheduling {
		return fault.New(fault.Invalid, "Cannot %s session %s while it is running; send a `user.interrupt` event first and wait until it is idle.", verb, row.ID)
	}
	return nil
}

func (s *Service) terminate(tx store.Tx, row *store.Session) error {
	doc, err := row.Doc()
	if err != nil {
		return err
	}
	if err := store.CloseCalls(tx, row.ID); err != nil {
		return err
	}
	row.Status, row.Parked, row.RetryAt = wire.Terminated, false, nil
	at := max(s.Now().UnixMicro(), row.LastAt+1)
	row.ArchivedAt = &at
	return s.log(tx, row,
		journal.Draft{Type: wire.TypeThreadTerminated, Body: wire.ThreadStatus{Type: wire.TypeThreadTerminated, SessionThreadID: row.ThreadID, AgentName: doc.Agent.Name}},
		journal.Draft{Type: wire.TypeStatusTerminated, Body: wire.Bare{Type: wire.TypeStatusTerminated}})
}

// Delete removes a session, its log, and the files it made or copied. Open
// streams see session.deleted and end.
func (s *Service) Delete(ctx context.Context, id string) error {
	var blobs []string
	err := s.DB.Update(ctx, func(tx store.Tx) error {
		row, err := store.GetSession(tx, id)
		if err != nil {
			return missing(err, id)
		}
		if err := refuseRunning(row, "delete"); err != nil {
			return err
		}
		if blobs, err = store.DeleteSessionFiles(tx, id); err != nil {
			return err
		}
		archives, err := store.ReleaseSkills(tx, id)
		if err != nil {
			return err
		}
		blobs = append(blobs, archives...)
		if err := store.DeleteSession(tx, id); err != nil {
			return err
		}
		at := max(s.Now().UnixMicro(), row.LastAt+1)
		data := journal.Stamp(s.Journal.NewID(), wire.Encode(wire.Bare{Type: wire.TypeSessionDeleted}), at)
		tx.OnCommit(func() { s.Journal.Publish(id, wire.TypeSessionDeleted, data) })
		return nil
	})
	if err != nil {
		return err
	}
	s.Turns.Forget(id)
	s.Ended(id, true)
	s.Unused(blobs)
	return nil
}
