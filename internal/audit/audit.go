// Package audit keeps the account of what went through the gate, so that an
// operator can ask later which session talked to whom and which credential was
// used. It never holds what was sent.
//
// Promises: Record never blocks; entries are on disk within a second. If more
// come than can be written, the surplus is counted and the count logged, never
// kept silent. Entries are removed after Keep.
package audit

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	buffer    = 8192                   // entries that wait to be written
	batch     = 256                    // entries of one transaction
	every     = 500 * time.Millisecond // between two writes
	trimEvery = time.Hour
)

// Log keeps the account.
type Log struct {
	DB  store.DB
	Log *slog.Logger
	Now func() time.Time
	// Keep is how long entries stay; 0 is 90 days.
	Keep time.Duration

	entries chan wire.GateEntry
	lost    atomic.Int64
}

// New makes a Log. Run writes what is recorded.
func New(db store.DB, log *slog.Logger, now func() time.Time) *Log {
	return &Log{DB: db, Log: log, Now: now, Keep: 90 * 24 * time.Hour, entries: make(chan wire.GateEntry, buffer)}
}

// Record is the gate's Audit function.
func (l *Log) Record(r gate.Record) {
	if r.Err != nil {
		l.Log.Error("a credential could not be put into a request", "session", r.Session, "host", r.Host, "error", r.Err)
	}
	e := wire.GateEntry{
		Type: "gate_entry", StartedAt: wire.Time(r.Start), SessionID: r.Session, Kind: string(r.Kind), Host: r.Host, Port: int(r.Port),
		Address: r.Addr, Verdict: string(r.Verdict), Reason: string(r.Reason), BytesUp: r.Up, BytesDown: r.Down, Seconds: r.Duration.Seconds(),
	}
	for _, u := range r.Credentials {
		e.Credentials = append(e.Credentials, wire.CredentialUse{CredentialID: u.CredentialID, Place: string(u.Place), Count: u.Count})
	}
	select {
	case l.entries <- e:
	default:
		l.lost.Add(1)
	}
}

// Run writes entries until ctx ends, and then what is left.
func (l *Log) Run(ctx context.Context) {
	write, trim := time.NewTicker(every), time.NewTicker(trimEvery)
	defer write.Stop()
	defer trim.Stop()
	for {
		select {
		case <-ctx.Done():
			l.flush(context.WithoutCancel(ctx))
			return
		case <-trim.C:
			before := l.Now().Add(-l.Keep).UnixMicro()
			if err := l.DB.Update(ctx, func(tx store.Tx) error { return store.TrimGateLog(tx, before) }); err != nil && ctx.Err() == nil {
				l.Log.Error("old entries of the gate's log were not removed", "error", err)
			}
		case <-write.C:
			l.flush(ctx)
		}
	}
}

// flush writes what waits.
func (l *Log) flush(ctx context.Context) {
	if n := l.lost.Swap(0); n > 0 {
		l.Log.Error("entries of the gate's log were lost: more came than could be written", "entries", n)
	}
	for len(l.entries) > 0 {
		var group []wire.GateEntry
		for len(group) < batch && len(l.entries) > 0 {
			group = append(group, <-l.entries)
		}
		err := l.DB.Update(ctx, func(tx store.Tx) error {
			for _, e := range group {
				if err := store.InsertGateEntry(tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			l.Log.Error("entries of the gate's log were not written", "entries", len(group), "error", err)
		}
	}
}
