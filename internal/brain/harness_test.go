package brain

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/agent"
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/lifecycle"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
	"github.com/ostlerdev/ostler/internal/wire"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// harness is the core of a server around a scripted model and fake hands.
type harness struct {
	t       *testing.T
	model   *modeltest.Server
	hands   *fakeHands
	remote  *fakeRemote
	files   map[string]fakeFile
	journal *journal.Journal
	db      *sqlite.DB
	brain   *Brain
	life    *lifecycle.Service
	file    string
	clock   *atomic.Int64
	deps    Deps
	input   atomic.Int64 // the most tokens of a prompt; 0: no bound
}

type fakeFile struct{ mime, data string }

// fakeHands answers tool calls by a function.
type fakeHands struct {
	mu      sync.Mutex
	run     func(ctx context.Context, call hands.Call) (hands.Result, error)
	calls   []hands.Call
	settled int
}

func (f *fakeHands) Run(ctx context.Context, _ string, call hands.Call) (hands.Result, error) {
	f.mu.Lock()
	f.calls = append(f.calls, call)
	run := f.run
	f.mu.Unlock()
	return run(ctx, call)
}

func (f *fakeHands) Settle(context.Context, string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settled++
	return nil
}

func said(text string) hands.Result { return hands.Result{Content: []raw{textBlock(text)}} }

func newHarness(t *testing.T, change ...func(*Deps)) *harness {
	h := &harness{t: t, files: map[string]fakeFile{}, clock: new(atomic.Int64), file: filepath.Join(t.TempDir(), "ostler.db")}
	h.model = modeltest.New(t, modeltest.BindThinking(), modeltest.WithLimits(h.limits))
	h.hands = &fakeHands{run: func(_ context.Context, call hands.Call) (hands.Result, error) {
		return said("ran " + call.Tool), nil
	}}
	h.clock.Store(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC).UnixMicro())
	h.remote = &fakeRemote{}
	h.deps = Deps{Hands: h.hands, Remote: h.remote, Files: h, Now: h.now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Backoff: func(int) time.Duration { return 0 }}
	for _, f := range change {
		f(&h.deps)
	}
	table, err := model.NewTable(model.Config{BaseURL: h.model.URL, APIKey: "key"})
	if err != nil {
		t.Fatal(err)
	}
	h.deps.Model = table
	if h.deps.Window == nil {
		h.deps.Window = table.Window
	}
	h.open()
	t.Cleanup(h.close)
	return h
}

func (h *harness) limits(model string) modeltest.Limits {
	lim := modeltest.KnownLimits(model)
	lim.Input = h.input.Load()
	return lim
}

// open starts the server's core over the database file, as a start does.
func (h *harness) open() {
	h.t.Helper()
	db, err := sqlite.Open(context.Background(), h.file)
	if err != nil {
		h.t.Fatal(err)
	}
	source := new(ids.Random)
	h.db, h.journal = db, journal.New(source, h.now)
	d := h.deps
	d.DB, d.Journal = db, h.journal
	h.brain = New(d)
	h.life = &lifecycle.Service{DB: db, Journal: h.journal, IDs: source, Now: h.now, Models: anyModel{}, Turns: h.brain,
		Ended: func(string, bool) {}, Unused: func([]string) {}}
}

func (h *harness) close() {
	h.brain.Stop()
	if err := h.db.Close(); err != nil {
		h.t.Error(err)
	}
}

// reopen is a new process over the same file, which goes on until the session
// is idle.
func (h *harness) reopen(session string) {
	h.t.Helper()
	h.close()
	h.open()
	sub := h.journal.Subscribe(session)
	defer sub.Close()
	if err := h.brain.Start(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.await(sub, wire.TypeStatusIdle)
}

// restart stops the core and starts it again over the same file.
func (h *harness) restart() {
	h.t.Helper()
	h.close()
	h.open()
	if err := h.brain.Start(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) now() time.Time { return time.UnixMicro(h.clock.Add(1000)) }

func (h *harness) ReadFile(_ context.Context, id string) (string, []byte, error) {
	f, ok := h.files[id]
	if !ok {
		return "", nil, fault.Missing("File", id)
	}
	return f.mime, []byte(f.data), nil
}

// anyModel knows every model.
type anyModel struct{}

func (anyModel) Check(string, string, string) error { return nil }
func (anyModel) DefaultEffort(string) string        { return "high" }
func (anyModel) MidConversationSystem(string) bool  { return true }

const builtins = `{"type":"agent_toolset_20260401"}`

// session makes an agent with tools, an environment and a session.
func (h *harness) session(environment string, tools ...string) string {
	h.t.Helper()
	var p wire.AgentParams
	err := wire.Decode(fmt.Appendf(nil, `{"name":"tester","model":"claude-opus-5-5","system":"Test.","tools":[%s],"mcp_servers":[%s]}`,
		strings.Join(tools, ","), serversOf(tools)), &p)
	if err != nil {
		h.t.Fatal(err)
	}
	cfg, err := agent.New(p, anyModel{})
	if err != nil {
		h.t.Fatal(err)
	}
	err = h.db.Update(h.t.Context(), func(tx store.Tx) error {
		env := wire.Environment{ID: "env_1", Type: "environment", Name: "env", Config: wire.EnvironmentConfig{Type: environment}}
		if err := store.InsertEnvironment(tx, env); err != nil {
			return err
		}
		return store.InsertAgent(tx, "agent_1", cfg, 1)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	s, err := h.life.Create(h.t.Context(), wire.CreateSession{EnvironmentID: "env_1", Agent: wire.Some(wire.SessionAgentParam{ID: "agent_1"})})
	if err != nil {
		h.t.Fatal(err)
	}
	return s.ID
}

func userMessage(text string) string {
	return string(wire.Encode(wire.UserMessage{Type: wire.TypeUserMessage, Content: []wire.Block{wire.Text(text)}}))
}

// send sends events and fails the test if they are refused.
func (h *harness) send(session string, events ...string) {
	h.t.Helper()
	if err := h.trySend(session, events...); err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) trySend(session string, events ...string) error {
	var v wire.SendEvents
	if err := wire.Decode([]byte(`{"events":[`+strings.Join(events, ",")+`]}`), &v); err != nil {
		return err
	}
	_, err := h.life.Send(h.t.Context(), session, v.Events)
	return err
}

// until sends events and waits for an event of a type.
func (h *harness) until(session, typ string, events ...string) {
	h.t.Helper()
	sub := h.journal.Subscribe(session)
	defer sub.Close()
	if len(events) > 0 {
		h.send(session, events...)
	}
	h.await(sub, typ)
}

func (h *harness) await(sub *journal.Subscription, typ string) {
	h.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case f := <-sub.Frames():
			if f.Type == typ {
				return
			}
		case <-timeout:
			h.t.Fatalf("no %s came", typ)
		}
	}
}

// events is the session's log as lists show it.
func (h *harness) events(session string) (out []string) {
	h.t.Helper()
	err := h.db.View(h.t.Context(), func(tx store.Tx) error {
		rows, err := store.ListEvents(tx, store.EventFilter{SessionID: session, Processed: page.Everything}, page.Range{Order: page.Asc, Limit: 10000})
		for _, r := range rows {
			out = append(out, string(r.Data))
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func (h *harness) row(session string) (s *store.Session) {
	h.t.Helper()
	err := h.db.View(h.t.Context(), func(tx store.Tx) (err error) {
		s, err = store.GetSession(tx, session)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

var (
	idPattern   = regexp.MustCompile(`(sevt|sthr|sesn|agent|file)_[0-9A-Za-z]{24}`)
	timePattern = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[0-9:.]+Z"`)
	secPattern  = regexp.MustCompile(`"active_seconds":[0-9.e-]+`)
	tokPattern  = regexp.MustCompile(`(_tokens":)[1-9]\d*`)
	longPattern = regexp.MustCompile(`("text":"[^"]{20})[^"]{980,}`)
)

// golden compares a session's log with testdata/NAME.golden. Ids are numbered
// in order of appearance, times are checked and left out, counts of tokens
// that are not 0 are N, long texts are cut.
func (h *harness) golden(session, name string) {
	h.t.Helper()
	names := map[string]string{}
	var b bytes.Buffer
	last := ""
	for _, e := range h.events(session) {
		e = idPattern.ReplaceAllStringFunc(e, func(id string) string {
			if names[id] == "" {
				prefix, _, _ := strings.Cut(id, "_")
				n := 1
				for other := range names {
					if strings.HasPrefix(other, prefix+"_") {
						n++
					}
				}
				names[id] = fmt.Sprintf("%s_%d", prefix, n)
			}
			return names[id]
		})
		if at := timePattern.FindString(e); at <= last {
			h.t.Errorf("processed_at goes from %s to %s", last, at)
		} else {
			last = at
		}
		e = timePattern.ReplaceAllString(e, `"T"`)
		e = secPattern.ReplaceAllString(e, `"active_seconds":S`)
		e = longPattern.ReplaceAllString(e, "${1}…")
		e = tokPattern.ReplaceAllString(e, "${1}N")
		b.WriteString(e + "\n")
	}
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			h.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		h.t.Errorf("the log of %s differs.\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}
