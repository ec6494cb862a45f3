package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"github.com/tidwall/gjson"
)

// errCutOff is a tool call whose input ended before it was whole JSON.
var errCutOff = errors.New("the upstream sent a tool call whose input is not valid JSON")

// block is a content block that is being streamed. Members that no delta
// touched keep their bytes and their order.
type block struct {
	typ       string
	raw       json.RawMessage // as it started
	done      bool
	announced bool
	number    int // among the blocks of the answer, once announced

	text, thinking, signature, input []byte
	citations                        []json.RawMessage
	content, encrypted               json.RawMessage
}

func newBlock(raw json.RawMessage) (*block, error) {
	t := gjson.GetBytes(raw, "type")
	if len(raw) == 0 || raw[0] != '{' || t.Type != gjson.String || t.Str == "" {
		return nil, errors.New("the upstream began a block that has no type")
	}
	return &block{typ: t.Str, raw: raw}, nil
}

func (b *block) add(d wireDelta) {
	switch d.typ {
	case "text_delta":
		b.text = append(b.text, d.text...)
	case "input_json_delta":
		b.input = append(b.input, d.text...)
	case "thinking_delta":
		b.thinking = append(b.thinking, d.text...)
	case "signature_delta":
		b.signature = append(b.signature, d.text...)
	case "citations_delta":
		if d.raw != nil {
			b.citations = append(b.citations, d.raw)
		}
	case "compaction_delta":
		b.content, b.encrypted = d.raw, d.encrypted
	}
}

// finish is the whole block. The error is errCutOff.
func (b *block) finish() (json.RawMessage, error) {
	var edits []member
	edit := func(key string, raw json.RawMessage) { edits = append(edits, member{key, raw}) }
	for _, s := range []struct {
		key  string
		more []byte
	}{{"text", b.text}, {"thinking", b.thinking}, {"signature", b.signature}} {
		if len(s.more) > 0 {
			edit(s.key, appendQuoted(nil, b.str(s.key)+string(s.more)))
		}
	}
	if in := bytes.TrimSpace(b.input); len(in) > 0 {
		if !json.Valid(in) || in[0] != '{' {
			return nil, errCutOff
		}
		edit("input", in)
	}
	if len(b.citations) > 0 {
		edit("citations", b.cited())
	}
	if b.content != nil {
		edit("content", b.content)
	}
	if b.encrypted != nil {
		edit("encrypted_content", b.encrypted)
	}
	if len(edits) == 0 {
		return b.raw, nil
	}
	return rewrite(b.raw, edits), nil
}

// cited is the list of citations: those of the start and those that came.
func (b *block) cited() json.RawMessage {
	list := []byte{'['}
	add := func(raw string) {
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = append(list, raw...)
	}
	for _, c := range gjson.GetBytes(b.raw, "citations").Array() {
		if c.IsObject() {
			add(c.Raw)
		}
	}
	for _, c := range b.citations {
		add(string(c))
	}
	return append(list, ']')
}

// str is a string member of the block as it started, "" if it isn't one.
func (b *block) str(key string) string {
	if r := gjson.GetBytes(b.raw, key); r.Type == gjson.String {
		return r.Str
	}
	return ""
}

// member is one member of a JSON object.
type member struct {
	key string
	raw json.RawMessage
}

// rewrite replaces members of a valid JSON object, and appends those that it
// doesn't have.
func rewrite(object json.RawMessage, edits []member) json.RawMessage {
	n := len(object)
	for _, e := range edits {
		n += len(e.key) + len(e.raw) + 4
	}
	b := append(make([]byte, 0, n), '{')
	put := func(key, raw []byte) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(b, key...), ':')
		b = append(b, raw...)
	}
	gjson.ParseBytes(object).ForEach(func(k, v gjson.Result) bool {
		raw := []byte(v.Raw)
		for i, e := range edits {
			if e.key == k.Str {
				raw = e.raw
				edits = slices.Delete(edits, i, i+1)
				break
			}
		}
		put([]byte(k.Raw), raw)
		return true
	})
	for _, e := range edits {
		put(appendQuoted(nil, e.key), e.raw)
	}
	return append(b, '}')
}
