package audit

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func list(t *testing.T, db store.DB, f store.GateFilter) (out []wire.GateEntry) {
	t.Helper()
	err := db.View(t.Context(), func(tx store.Tx) (err error) {
		f.Started = page.Everything
		out, err = store.ListGateEntries(tx, f, page.Range{Order: page.Asc, Limit: 100000})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEntriesAreKeptAndTrimmed(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	l := New(db, slog.New(slog.NewTextHandler(t.Output(), nil)), func() time.Time { return now })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	l.Record(gate.Record{Session: "sesn_1", Kind: gate.KindTunnel, Host: "api.example.com", Port: 443, Addr: "192.0.2.1:443",
		Verdict: gate.Allowed, Up: 10, Down: 20, Start: now, Duration: 1500 * time.Millisecond,
		Credentials: []gate.Use{{CredentialID: "vcrd_1", Place: gate.PlaceHeader, Count: 2}}})
	l.Record(gate.Record{Session: "sesn_2", Kind: gate.KindRequest, Host: "evil.example.com", Port: 80, Verdict: gate.Refused,
		Reason: gate.ReasonHost, Start: now.Add(-100 * 24 * time.Hour)})
	cancel() // what is left is written
	<-done
	got := list(t, db, store.GateFilter{SessionID: "sesn_1"})
	want := wire.GateEntry{Type: "gate_entry", Seq: 1, StartedAt: wire.Time(now), SessionID: "sesn_1", Kind: "tunnel", Host: "api.example.com",
		Port: 443, Address: "192.0.2.1:443", Verdict: "allowed", BytesUp: 10, BytesDown: 20, Seconds: 1.5,
		Credentials: []wire.CredentialUse{{CredentialID: "vcrd_1", Place: "header", Count: 2}}}
	if len(got) != 1 || string(wire.Encode(got[0])) != string(wire.Encode(want)) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := list(t, db, store.GateFilter{Verdict: "refused", Host: "evil.example.com"}); len(got) != 1 || len(got[0].Credentials) != 0 {
		t.Errorf("refused: %+v", got)
	}
	if err := db.Update(t.Context(), func(tx store.Tx) error { return store.TrimGateLog(tx, now.Add(-l.Keep).UnixMicro()) }); err != nil {
		t.Fatal(err)
	}
	if got := list(t, db, store.GateFilter{}); len(got) != 1 || got[0].SessionID != "sesn_1" {
		t.Errorf("after trimming: %+v", got)
	}
}

func TestASurplusIsCountedAndNeverBlocks(t *testing.T) {
	l := New(nil, slog.New(slog.NewTextHandler(t.Output(), nil)), time.Now)
	for range buffer + 7 {
		l.Record(gate.Record{})
	}
	if n := l.lost.Load(); n != 7 {
		t.Errorf("%d entries lost, want 7", n)
	}
}
