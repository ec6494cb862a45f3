package brain

import (
	"context"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/web"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Web runs web_fetch and web_search, on the server in every environment. See
// web.Service.
type Web interface {
	// Tools are the definitions of the web tools that there are for agents of
	// a model.
	Tools(modelID string) []model.Tool
	// Run executes a call. It always has a result.
	Run(ctx context.Context, call web.Call) hands.Result
}

func (b *Brain) webTools(modelID string) []model.Tool {
	if b.Web == nil {
		return nil
	}
	return b.Web.Tools(modelID)
}

// webCall is what runs a call of a web tool. Those that are open share the room
// for what they bring.
func (t *turn) webCall(c *call, turn int64) func(context.Context) result {
	config, enabled := t.state.tools.web[c.name]
	if !enabled { // when it was asked for; an update took it away since
		return func(context.Context) result { return errorResult("The tool " + c.name + " is not available.") }
	}
	n := int64(0)
	for _, o := range t.state.opened() {
		if o.kind == store.CallWeb {
			n++
		}
	}
	call := web.Call{Tool: c.name, Input: c.input, Config: config, Model: t.state.agent.Model.ID,
		Room: (maxBinary - t.state.size()) / n}
	if c.name == web.Fetch && config.WebFetchSettings != nil && config.URLSources != nil {
		call.Seen = t.state.seen(config.URLSources)
	}
	sandbox := t.state.tools.sandboxed() && !t.state.selfHosted
	return func(ctx context.Context) result {
		r := t.b.Web.Run(ctx, call)
		if ctx.Err() != nil {
			return errorResult(interruptedText)
		}
		return t.shorten(ctx, r, c.event, turn, sandbox)
	}
}

// countWeb adds a call of a web tool that brought something to the session's
// usage.
func (st *step) countWeb(out outcome) {
	switch {
	case out.call.kind != store.CallWeb || out.result.IsError:
	case out.call.name == web.Search:
		st.s.Usage.Searches++
	default:
		st.s.Usage.Fetches++
	}
}

// sandboxed reports whether the agent has tools that run in a sandbox.
func (b *toolbox) sandboxed() bool { return len(b.builtin) > len(b.web) }

// shorten applies the rule of large results to text that was not made in the
// sandbox: the whole goes into a file there, or is cut off if there is none.
func (t *turn) shorten(ctx context.Context, r result, id string, turn int64, sandbox bool) result {
	for i, c := range r.Content {
		b := readBlock(c)
		if b.Type != "text" || utf8.RuneCountInString(b.Text) <= hands.LargeResult {
			continue
		}
		r.Content[i] = textBlock(string([]rune(b.Text)[:hands.LargeResult]) + "\n\n[Cut off: the whole is too long.]")
		if !sandbox {
			continue
		}
		path := hands.OutputFile(id)
		input := wire.Encode(map[string]string{"file_path": path, "content": b.Text})
		kept, err := t.b.Hands.Run(ctx, t.session, hands.Call{ID: id, Tool: "write", Input: input, Turn: turn})
		r.Notices = append(r.Notices, kept.Notices...)
		switch {
		case ctx.Err() != nil:
			return errorResult(interruptedText)
		case err != nil:
			t.log.Error("a large result was not kept in the sandbox", "error", err)
		case !kept.IsError:
			preview, _ := hands.Preview(b.Text, path)
			r.Content[i] = textBlock(preview)
		}
	}
	return r
}
