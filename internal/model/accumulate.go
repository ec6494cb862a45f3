package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

// accumulator builds a Response from stream events.
type accumulator struct {
	sink    func(Delta)
	blocks  []*block       // those of the answer, in order
	at      map[int]*block // by the index the upstream gave them
	usage   usage
	stop    string
	details json.RawMessage
	stopped bool // message_stop came
}

// wireDelta is a content_block_delta: the delta's type with the members that
// go with it.
type wireDelta struct {
	typ       string
	text      string // of text, input_json, thinking and signature deltas
	raw       json.RawMessage
	encrypted json.RawMessage
}

// event takes one event of the stream. An error is the end of it.
func (a *accumulator) event(name string, data []byte) error {
	data = bytes.TrimSpace(data)
	if name == "ping" || len(data) == 0 || string(data) == "[DONE]" {
		return nil
	}
	if !gjson.ValidBytes(data) {
		return errors.New("the upstream sent an event that is not JSON")
	}
	ev := gjson.ParseBytes(data)
	if t := ev.Get("type"); t.Type == gjson.String {
		name = t.Str
	}
	index := int(ev.Get("index").Int())
	switch name {
	case "error":
		return &streamError{wire: parseWireError(ev.Get("error"))}
	case "message_start":
		a.usage.merge(ev.Get("message.usage"))
	case "content_block_start":
		return a.start(index, json.RawMessage(ev.Get("content_block").Raw))
	case "content_block_delta":
		return a.delta(index, parseDelta(ev.Get("delta")))
	case "content_block_stop":
		if b := a.at[index]; b != nil {
			b.done = true
		}
	case "message_delta":
		a.usage.merge(ev.Get("usage"))
		if r := ev.Get("delta.stop_reason"); r.Type == gjson.String {
			a.stop = r.Str
		}
		if d := ev.Get("delta.stop_details"); d.IsObject() {
			a.details = json.RawMessage(d.Raw)
		}
	case "message_stop":
		a.stopped = true
	}
	return nil // events of later API versions are none of our business
}

func parseDelta(d gjson.Result) wireDelta {
	w := wireDelta{typ: d.Get("type").String()}
	switch w.typ {
	case "text_delta":
		w.text = d.Get("text").String()
	case "input_json_delta":
		w.text = d.Get("partial_json").String()
	case "thinking_delta":
		w.text = d.Get("thinking").String()
	case "signature_delta":
		w.text = d.Get("signature").String()
	case "citations_delta":
		w.raw = present(d.Get("citation"))
	case "compaction_delta":
		w.raw, w.encrypted = present(d.Get("content")), present(d.Get("encrypted_content"))
	}
	return w
}

// present is the raw JSON of a value, nil if it is absent or null.
func present(r gjson.Result) json.RawMessage {
	if !r.Exists() || r.Type == gjson.Null {
		return nil
	}
	return json.RawMessage(r.Raw)
}

func (a *accumulator) start(index int, raw json.RawMessage) error {
	b, err := newBlock(raw)
	if err != nil {
		return err
	}
	if old := a.at[index]; old != nil && !old.done {
		return fmt.Errorf("the upstream began block %d twice", index)
	}
	if a.at == nil {
		a.at = map[int]*block{}
	}
	a.at[index] = b
	a.announce(b)
	return nil
}

// announce gives a block its place in the answer and tells the sink, once it
// is sure that the block stays: a text block without text does not, as no
// request may contain it.
func (a *accumulator) announce(b *block) {
	said := ""
	if b.typ == "text" {
		if said = b.str("text") + string(b.text); blank(said) {
			return
		}
	}
	b.announced, b.number = true, len(a.blocks)
	a.blocks = append(a.blocks, b)
	a.emit(Delta{Index: b.number, Type: b.typ, Start: true})
	if said != "" {
		a.emit(Delta{Index: b.number, Type: b.typ, Text: said})
	}
}

func (a *accumulator) delta(index int, d wireDelta) error {
	b := a.at[index]
	if b == nil || b.done {
		return fmt.Errorf("the upstream sent a piece of block %d, which is not open", index)
	}
	b.add(d)
	switch {
	case !b.announced:
		a.announce(b)
	case d.typ == "text_delta" && d.text != "" && b.typ == "text":
		a.emit(Delta{Index: b.number, Type: b.typ, Text: d.text})
	}
	return nil
}

func (a *accumulator) emit(d Delta) {
	if a.sink != nil {
		a.sink(d)
	}
}

// complete reports whether the message is whole even without message_stop.
func (a *accumulator) complete() bool {
	for _, b := range a.at {
		if !b.done {
			return false
		}
	}
	return a.stop != ""
}

// response is the finished answer.
func (a *accumulator) response() (*Response, error) {
	if a.stop == "" {
		return nil, errBroken
	}
	r := &Response{StopReason: a.stop, StopDetails: a.details, Usage: a.usage.total()}
	r.Content = make([]json.RawMessage, 0, len(a.blocks))
	for i, b := range a.blocks {
		if i == len(a.blocks)-1 && r.CutOff() && b.typ == "tool_use" && len(b.input) == 0 {
			continue // it was cut off before its input, or may have been
		}
		raw, err := b.finish()
		if errors.Is(err, errCutOff) && a.stop != "tool_use" && a.stop != "end_turn" {
			continue
		}
		if err != nil {
			return nil, err
		}
		r.Content = append(r.Content, raw)
	}
	return r, nil
}
