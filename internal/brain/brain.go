// Package brain runs turns: it takes a session's queued events, asks the
// model, runs tools, and appends what happened to the log, until the session
// waits for its client again.
//
// A turn is a driver over small steps. Each step ends in one commit that
// writes its events, the session's state and the decision what comes next;
// the conversation is rebuilt from the log and only cached. A process that
// dies loses at most its unfinished model request or tool call: the next one
// makes the request again and closes the call with an error the model can
// act on. Whoever has raised a session's generation owns it; commits of
// earlier owners are refused.
//
// The package may not import api or a sandbox driver.
package brain

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/store"
)

// Hands runs built-in tools in the sandbox of a session.
type Hands interface {
	// Run executes a call; see hands.Sandbox. A lost sandbox is an error that
	// wraps hands.ErrLost; any other error says why none could be made.
	Run(ctx context.Context, session string, call hands.Call) (hands.Result, error)
	// Settle publishes what the agent put into its outputs. It is called
	// before a session goes idle and does nothing without a sandbox.
	Settle(ctx context.Context, session string) error
}

// Remote calls the tools of a session's MCP servers; see mcp.Pool.
type Remote interface {
	// Discover lists the tools of servers, in their order. It takes seconds at
	// most; a server that can't be had is a listing with an error.
	Discover(ctx context.Context, session string, servers []mcp.Server) []mcp.Listing
	// Call calls a tool; calls are made side by side. An error that is a
	// *mcp.Failure says that the server can't be had.
	Call(ctx context.Context, session string, s mcp.Server, tool string, input json.RawMessage) (mcp.Result, error)
}

// Files reads the bytes of files that messages refer to.
type Files interface {
	// ReadFile answers the MIME type and content of a file, or an error of
	// kind fault.NotFound.
	ReadFile(ctx context.Context, id string) (mime string, data []byte, err error)
}

// Brief is paragraphs for the system prompt of a session: its skills, its
// memory stores. As long as nothing changes it answers the same text, or the
// model's prompt cache is lost.
type Brief func(tx store.Tx, s *store.Session, doc *store.SessionDoc) ([]string, error)

// Deps is what a Brain works with. All fields but Web, the briefs and the limits are required.
type Deps struct {
	DB      store.DB
	Journal *journal.Journal
	Model   model.Client
	Hands   Hands
	Remote  Remote
	Files   Files
	Web     Web // nil: there are no web tools
	// Window tells the context window of a model and how much of it an answer
	// may take, in tokens; 0 if there is no bound. See model.Table.
	Window func(model string) (window, answer int64)
	Now    func() time.Time
	Log    *slog.Logger

	// Briefs are what the system prompt says of a session besides its agent's
	// own text, in this order. They are asked when a session's log is read,
	// and again when its agent's tools change.
	Briefs []Brief
	// Linger is how long after a turn's begin answers are held back while nobody
	// reads the session's stream; 0 is not at all. Programs that send first and
	// open the stream afterwards, as examples of the SDKs do, would wait for
	// ever for the end of a turn that is over by then.
	Linger time.Duration
	// MaxRounds bounds the model's answers in one turn; 0 is 500.
	MaxRounds int
	// MaxAttempts bounds the attempts of one model request; 0 is 6.
	MaxAttempts int
	// Backoff is the delay before attempt n (from 1); nil doubles from 1 s up
	// to 60 s. The upstream's retry-after comes first.
	Backoff func(n int) time.Duration
	// MaxCached bounds the conversations kept in memory; 0 is 1000.
	MaxCached int
}

// Brain runs the turns of many sessions, one goroutine a session.
type Brain struct {
	Deps
	ctx    context.Context
	stop   context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	active map[string]*turn
	cache  cache
}

// New makes a Brain. Start begins its work.
func New(d Deps) *Brain {
	if d.MaxRounds == 0 {
		d.MaxRounds = 500
	}
	if d.MaxAttempts == 0 {
		d.MaxAttempts = 6
	}
	if d.Backoff == nil {
		d.Backoff = func(n int) time.Duration { return min(time.Second<<(n-1), time.Minute) }
	}
	if d.MaxCached == 0 {
		d.MaxCached = 1000
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Brain{Deps: d, ctx: ctx, stop: stop, active: map[string]*turn{}, cache: cache{max: d.MaxCached}}
}

// Start goes on with every session that an earlier process left in the middle
// of a turn or with queued input.
func (b *Brain) Start(ctx context.Context) error {
	var awake []string
	err := b.DB.View(ctx, func(tx store.Tx) (err error) {
		awake, err = store.AwakeSessions(tx)
		return err
	})
	for _, id := range awake {
		b.Wake(id)
	}
	return err
}

// Stop cancels running requests and tools and waits for the turns to end.
// They are gone on with at the next Start. It is idempotent.
func (b *Brain) Stop() {
	b.stop()
	b.wg.Wait()
}

// Wake tells that a session's inbox or open calls changed. It never blocks.
func (b *Brain) Wake(session string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.active[session]; t != nil {
		t.again = true
		select {
		case t.news <- struct{}{}:
		default:
		}
		return
	}
	if b.ctx.Err() != nil {
		return
	}
	t := b.cache.take(session)
	if t == nil {
		t = &turn{b: b, session: session, log: b.Log.With("session", session), news: make(chan struct{}, 1)}
	}
	b.active[session] = t
	b.wg.Add(1)
	go b.work(t)
}

// Interrupt is Wake for a queued user.interrupt: it also stops the running
// model request or tools.
func (b *Brain) Interrupt(session string) {
	b.mu.Lock()
	if t := b.active[session]; t != nil {
		t.interrupted = true
		if t.cancel != nil {
			t.cancel()
		}
	}
	b.mu.Unlock()
	b.Wake(session)
}

// Forget drops what is cached of a session that was deleted.
func (b *Brain) Forget(session string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cache.take(session)
}

// work runs a session until there is nothing to do for it.
func (b *Brain) work(t *turn) {
	defer b.wg.Done()
	for {
		t.run(b.ctx)
		b.mu.Lock()
		if !t.again || b.ctx.Err() != nil {
			delete(b.active, t.session)
			if t.state != nil {
				b.cache.put(t)
			}
			b.mu.Unlock()
			return
		}
		t.again = false
		b.mu.Unlock()
	}
}

// raw is a JSON value.
type raw = json.RawMessage
