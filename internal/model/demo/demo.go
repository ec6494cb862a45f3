// Package demo is the built-in demo model: a small scripted planner that lets
// a fresh installation show the whole system, the real loop and the real
// sandbox included, without an account anywhere. It understands nothing. It
// writes a small program, runs it, looks at what came out, and says plainly
// that it is a demo and how to set a real model.
//
// It keeps no state: what it does next follows from the conversation alone.
// It may import internal/model and nothing else of the project.
package demo

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/ostlerdev/ostler/internal/model"
)

// DefaultDelay is the pause between two words that makes an answer readable
// while it arrives.
const DefaultDelay = 12 * time.Millisecond

// Options change a demo model. The zero value answers without pauses.
type Options struct {
	Delay time.Duration // between words
	NewID func() string // ids of tool calls; nil for random ones
}

// Model is the demo model. It is safe for concurrent use.
type Model struct{ opts Options }

var _ model.Client = (*Model)(nil)

// New makes a demo model.
func New(opts Options) *Model {
	if opts.NewID == nil {
		opts.NewID = func() string { return "toolu_demo" + rand.Text()[:20] }
	}
	return &Model{opts: opts}
}

// Stream answers the conversation. It fails only with ctx's error.
func (m *Model) Stream(ctx context.Context, req model.Request, sink func(model.Delta)) (*model.Response, error) {
	say := plan(read(&req))
	out := &model.Response{StopReason: "end_turn", Usage: model.Usage{Input: tokens(promptSize(&req)), Output: 4}}
	emit := func(d model.Delta) {
		if sink != nil {
			sink(d)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if say.text != "" {
		emit(model.Delta{Type: "text", Start: true})
		for _, w := range words(say.text) {
			if err := m.pause(ctx); err != nil {
				return nil, err
			}
			emit(model.Delta{Type: "text", Text: w})
		}
		out.Content = append(out.Content, encode(map[string]any{"type": "text", "text": say.text}))
		out.Usage.Output += tokens(len(say.text))
	}
	for _, c := range say.calls {
		if err := m.pause(ctx); err != nil {
			return nil, err
		}
		emit(model.Delta{Index: len(out.Content), Type: "tool_use", Start: true})
		raw := encode(map[string]any{"type": "tool_use", "id": m.opts.NewID(), "name": c.name, "input": c.input})
		out.Content = append(out.Content, raw)
		out.Usage.Output += tokens(len(raw))
		out.StopReason = "tool_use"
	}
	return out, nil
}

func (m *Model) pause(ctx context.Context) error {
	if m.opts.Delay <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(m.opts.Delay)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// words cuts a text behind its spaces.
func words(s string) []string {
	var out []string
	from := 0
	space := false
	for i, r := range s {
		if space && !unicode.IsSpace(r) {
			out = append(out, s[from:i])
			from = i
		}
		space = unicode.IsSpace(r)
	}
	return append(out, s[from:])
}

// tokens is the usual estimate: four bytes a token.
func tokens(bytes int) int64 { return int64(bytes+3) / 4 }

func promptSize(req *model.Request) int {
	n := len(req.System)
	for _, t := range req.Tools {
		n += len(t.Name) + len(t.Description) + len(t.InputSchema)
	}
	for _, m := range req.Messages {
		for _, b := range m.Content {
			n += len(b)
		}
	}
	return n
}

// encode encodes values made of strings, numbers, lists and maps.
func encode(v any) json.RawMessage {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("demo: %v", err))
	}
	return json.RawMessage(strings.TrimSuffix(b.String(), "\n"))
}
