package brain

import (
	"time"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/wire"
)

// coalesce is the shortest time between two deltas of one event.
const coalesce = 20 * time.Millisecond

// preview shows an answer while it arrives, to readers that asked for it.
type preview struct {
	t    *turn
	now  func() time.Time
	ids  map[int]string // announced events by content block
	text string         // not shown yet
	last time.Time      // when text was last shown
}

// delta takes a piece of the answer.
func (p *preview) delta(d model.Delta) {
	j, session := p.t.b.Journal, p.t.session
	if d.Start {
		typ := map[string]string{"text": wire.TypeAgentMessage, "thinking": wire.TypeAgentThinking, "redacted_thinking": wire.TypeAgentThinking}[d.Type]
		p.text, p.last = "", time.Time{}
		if typ == "" || !j.Watched(session, typ) {
			return
		}
		if p.ids == nil {
			p.ids = map[int]string{}
		}
		id := j.NewID()
		p.ids[d.Index] = id
		j.PreviewStart(session, typ, id)
		return
	}
	id := p.ids[d.Index]
	if id == "" || d.Type != "text" || d.Text == "" {
		return
	}
	p.text += d.Text
	if now := p.now(); now.Sub(p.last) >= coalesce {
		j.PreviewText(session, wire.TypeAgentMessage, id, 0, p.text)
		p.text, p.last = "", now
	}
}

// end forgets the announced events.
func (p *preview) end() {
	for _, id := range p.ids {
		p.t.b.Journal.PreviewEnd(p.t.session, id)
	}
}
