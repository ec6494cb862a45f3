package modeltest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
)

// path digests a prompt from its beginning: tools, system prompt, and block by
// block. Cache breakpoints don't count.
type path struct {
	h  hash.Hash
	on bool
}

func newPath(req *Request, on bool) *path {
	p := &path{h: sha256.New(), on: on}
	if on {
		for _, t := range req.Tools {
			t.CacheControl = nil
			p.put("tool", mustJSON(t))
		}
		for _, b := range req.System {
			p.put("system", []byte(b.Text))
		}
	}
	return p
}

func (p *path) add(role string, block json.RawMessage) {
	if p.on {
		p.put(role, canonical(block))
	}
}

func (p *path) put(kind string, b []byte) {
	fmt.Fprintf(p.h, "%s %d\n%s\n", kind, len(b), b)
}

// digest is that of all added so far, "" if the path is off.
func (p *path) digest() string {
	if !p.on {
		return ""
	}
	return hex.EncodeToString(p.h.Sum(nil))
}

// canonical is a block with its members sorted and without cache_control. Text
// that comes as a bare string is a text block.
func canonical(raw json.RawMessage) []byte {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return raw
	}
	switch b := v.(type) {
	case string:
		v = map[string]any{"type": "text", "text": b}
	case map[string]any:
		delete(b, "cache_control")
	}
	return mustJSON(v)
}

// placed is a block with its place in a request.
type placed struct {
	role           string
	message, index int
	block          Block
}

// flatten lists the blocks of the first n messages.
func (r *Request) flatten(n int) []placed {
	var out []placed
	for i, m := range r.Messages[:n] {
		for j, b := range m.Content {
			out = append(out, placed{m.Role, i, j, b})
		}
	}
	return out
}
