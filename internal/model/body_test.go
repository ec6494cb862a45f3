package model

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func raws(blocks ...string) []json.RawMessage {
	var out []json.RawMessage
	for _, b := range blocks {
		out = append(out, json.RawMessage(b))
	}
	return out
}

func resolve(t *testing.T, id string) *Model {
	t.Helper()
	table, err := NewTable(Config{APIKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := table.Resolve(id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEncodeRequest(t *testing.T) {
	const mark = `"cache_control":{"type":"ephemeral"}`
	hi := []Message{{Role: "user", Content: raws(`{"type":"text","text":"hi"}`)}}
	marked := `"messages":[{"role":"user","content":[{"type":"text","text":"hi",` + mark + `}]}]`
	for _, c := range []struct {
		name  string
		model string
		req   Request
		want  string
	}{
		{"an unknown model takes nothing special", "local", Request{Messages: hi, Effort: "low", Speed: "fast"},
			`{"model":"local","max_tokens":8192,"stream":true,` + marked + `}`},
		{"everything", "claude-opus-5-5", Request{
			Messages: hi, Effort: "max", Speed: "fast", Geo: "eu\"", System: "Be <brief>.",
			Tools: []Tool{{Name: "a"}, {Name: "b", Description: "B & b", InputSchema: json.RawMessage(`{"type":"object","x":1.0}`)}},
		}, `{"model":"claude-opus-5-5","max_tokens":64000,"stream":true,"thinking":{"type":"adaptive"},"output_config":{"effort":"max"},"speed":"fast","inference_geo":"eu\"",` +
			`"tools":[{"name":"a","input_schema":{"type":"object"}},{"name":"b","description":"B & b","input_schema":{"type":"object","x":1.0},` + mark + `}],` +
			`"system":[{"type":"text","text":"Be <brief>.",` + mark + `}],` + marked + `}`},
		{"effort that the model doesn't know, standard speed, blank system", "claude-opus-4-5", Request{Messages: hi, Effort: "max", Speed: "standard", System: " \n"},
			`{"model":"claude-opus-4-5","max_tokens":64000,"stream":true,` + marked + `}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := string(encodeRequest(resolve(t, c.model), &c.req))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			for _, k := range []string{"temperature", "top_p", "top_k"} {
				if strings.Contains(got, k) {
					t.Errorf("%s is sent", k)
				}
			}
		})
	}
}

// Blocks are listed message by message; the wanted marks are "message.block".
func TestCacheMarks(t *testing.T) {
	const (
		txt   = `{"type":"text","text":"x"}`
		none  = `{"type":"text","text":" \n"}`
		think = `{"type":"thinking","thinking":"","signature":"s"}`
		call  = `{"type":"tool_use","id":"t","name":"n","input":{}}`
		res   = `{"type":"tool_result","tool_use_id":"t"}`
		odd   = `{"type":"from_the_future","a":1}`
		own   = `{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}}`
		trap  = `{"type":"text","text":"\"cache_control\":{}"}`
	)
	u := func(blocks ...string) Message { return Message{Role: "user", Content: raws(blocks...)} }
	a := func(blocks ...string) Message { return Message{Role: "assistant", Content: raws(blocks...)} }
	for _, c := range []struct {
		name     string
		messages []Message
		want     []string
		system   bool
	}{
		{"one message", []Message{u(txt, txt)}, []string{"0.1"}, true},
		{"the last two user messages", []Message{u(txt), a(call), u(res), a(think, txt), u(txt, txt)}, []string{"2.0", "4.1"}, true},
		{"a system message at the end", []Message{u(txt), {Role: "system", Content: raws(txt)}}, []string{"0.0"}, true},
		{"not on blank, not on unknown", []Message{u(txt, none, odd)}, []string{"0.0"}, true},
		{"none possible", []Message{u(none), u(odd)}, nil, true},
		{"a message without one is skipped", []Message{u(txt), u(txt), u(odd)}, []string{"0.0", "1.0"}, true},
		{"the caller's marks count", []Message{u(own), u(own), u(own), u(txt)}, nil, true},
		{"four of the caller's", []Message{u(own, own, own, own), u(txt)}, nil, false},
		{"a mark that is there already", []Message{u(txt), u(own)}, []string{"0.0"}, true},
		{"a mark that is only text", []Message{u(trap), u(trap)}, []string{"0.0", "1.0"}, true},
		{"no message", nil, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := Request{System: "s", Tools: []Tool{{Name: "t"}}, Messages: c.messages}
			before := encoded(t, req)
			body := encodeRequest(resolve(t, "claude-opus-5-5"), &req)
			if diff := cmp.Diff(before, encoded(t, req)); diff != "" {
				t.Errorf("the caller's request changed:\n%s", diff)
			}
			var sent struct {
				System   []map[string]any
				Messages []struct{ Content []map[string]any }
			}
			if err := json.Unmarshal(body, &sent); err != nil {
				t.Fatalf("%v\n%s", err, body)
			}
			var got []string
			for i, m := range sent.Messages {
				for j, b := range m.Content {
					if b["cache_control"] != nil && !hasMark(c.messages[i].Content[j]) {
						got = append(got, string(rune('0'+i))+"."+string(rune('0'+j)))
					}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if (sent.System[0]["cache_control"] != nil) != c.system {
				t.Errorf("mark on the system prompt: %v", !c.system)
			}
			if n := bytes.Count(body, []byte(`"cache_control":{`)); n > maxCacheMarks {
				t.Errorf("%d marks", n)
			}
		})
	}
}

func encoded(t *testing.T, r Request) string {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestNoCache(t *testing.T) {
	m := resolve(t, "local")
	m.NoCache = true
	body := encodeRequest(m, &Request{System: "s", Tools: []Tool{{Name: "t"}}, Messages: []Message{{Role: "user", Content: raws(`{"type":"text","text":"x"}`)}}})
	if bytes.Contains(body, []byte("cache_control")) {
		t.Errorf("%s", body)
	}
}

func FuzzAppendQuoted(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\x1f\"\\\n\r\t\u2028é\xff\xc3(\U0001f600")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(appendQuoted(nil, s), &got); err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(s) // replaces what is not UTF-8 in the same way
		if err != nil {
			t.Fatal(err)
		}
		var std string
		if err := json.Unmarshal(want, &std); err != nil {
			t.Fatal(err)
		}
		if got != std {
			t.Errorf("%q became %q, not %q", s, got, std)
		}
	})
}

// Marking a block keeps its bytes and adds one member.
func FuzzMark(f *testing.F) {
	f.Add([]byte(`{"type":"text","text":"a"}`))
	f.Add([]byte(" {\"type\":\"tool_result\",\"content\":[]\n}\n"))
	f.Fuzz(func(t *testing.T, block []byte) {
		if !json.Valid(block) || !cacheable(block) {
			return
		}
		got := appendMarked(nil, block)
		if !json.Valid(got) {
			t.Errorf("%s became %s", block, got)
		}
		if !hasMark(got) && !hasMark(block) && !bytes.Contains(block, markKey) {
			t.Errorf("no mark: %s", got)
		}
	})
}
