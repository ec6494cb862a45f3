package sandboxes

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ostlerdev/ostler/internal/hands"
)

// Memory keeps the memory stores that sandboxes have mounted in step with what
// is stored. Its methods do nothing for sessions that have none.
type Memory interface {
	// CatchUp brings what others wrote by now.
	CatchUp(ctx context.Context, session string) error
	// Sync takes what the agent wrote by now.
	Sync(ctx context.Context, session string) error
	// Notes is what the agent must hear, once.
	Notes(session string) []string
	// Leave takes what is left to take when the sandbox is gone.
	Leave(ctx context.Context, session string) error
}

// mounts is what the session's sandbox shows of the host.
func (b *box) mounts(ctx context.Context, dir string) ([]hands.Mount, error) {
	if b.m.Mounts == nil {
		return nil, nil
	}
	return b.m.Mounts(ctx, b.session, dir)
}

// catchUp lets a call see what others wrote to its memory stores before it
// began. A failure costs the moment: the mount is brought up to date again.
func (m *Manager) catchUp(ctx context.Context, session string) {
	if m.Memory == nil {
		return
	}
	if err := m.Memory.CatchUp(context.WithoutCancel(ctx), session); err != nil {
		m.Log.Error("memory stores are not in step", "session", session, "error", err)
	}
}

// remember takes what the agent wrote to its memory stores. A failure costs
// the moment, not the text: the mount is looked at again.
func (m *Manager) remember(ctx context.Context, session string) {
	if m.Memory == nil {
		return
	}
	if err := m.Memory.Sync(context.WithoutCancel(ctx), session); err != nil {
		m.Log.Error("memory stores are not in step", "session", session, "error", err)
	}
}

// forget ends the mounts of a sandbox that is gone, or was not made.
func (b *box) forget(ctx context.Context) {
	if b.m.Memory == nil {
		return
	}
	if err := b.m.Memory.Leave(context.WithoutCancel(ctx), b.session); err != nil {
		b.m.Log.Error("memory stores are not in step", "session", b.session, "error", err)
	}
}

// heed adds to the result of a call what the agent must hear of its memory
// stores.
func (m *Manager) heed(session string, r *hands.Result) {
	if m.Memory == nil {
		return
	}
	for _, n := range m.Memory.Notes(session) {
		text, err := json.Marshal(fmt.Sprintf("[Memory: %s]", n))
		if err != nil {
			panic(err) // a string
		}
		r.Content = append(r.Content, fmt.Appendf(nil, `{"type":"text","text":%s}`, text))
	}
}
