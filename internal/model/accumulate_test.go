package model

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

const (
	msgStart = `{"type":"message_start","message":{"usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":7,"output_tokens":1}}}`
	msgStop  = `{"type":"message_stop"}`
)

func ended(reason string) string {
	return `{"type":"message_delta","delta":{"stop_reason":"` + reason + `"},"usage":{"output_tokens":42}}`
}

func opened(block string) string {
	return `{"type":"content_block_start","index":0,"content_block":` + block + `}`
}

func piece(delta string) string {
	return `{"type":"content_block_delta","index":0,"delta":` + delta + `}`
}

const closing = `{"type":"content_block_stop","index":0}`

// feed runs events through an accumulator.
func feed(events ...string) (*Response, []Delta, error) {
	var deltas []Delta
	a := accumulator{sink: func(d Delta) { deltas = append(deltas, d) }}
	for _, e := range events {
		if err := a.event("", []byte(e)); err != nil {
			return nil, deltas, err
		}
	}
	r, err := a.response()
	return r, deltas, err
}

// One block of each kind; the wanted block is compared byte by byte.
func TestBlocks(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []string // between start and stop of the message
		want   string   // "" for no block
	}{
		{"text", []string{opened(`{"type":"text","text":""}`), piece(`{"type":"text_delta","text":"He said \"<&>\" \u00e9"}`), piece(`{"type":"text_delta","text":"\ud83d\ude00\n"}`)},
			`{"type":"text","text":"He said \"<&>\" é😀\n"}`},
		{"text that began with text", []string{opened(`{"type":"text","text":"a"}`), piece(`{"type":"text_delta","text":"b"}`)}, `{"type":"text","text":"ab"}`},
		{"text with members nobody knows", []string{opened(`{"type":"text", "later": [1.0, 2e3],"text":""}`), piece(`{"type":"text_delta","text":"x"}`)},
			`{"type":"text","later":[1.0, 2e3],"text":"x"}`},
		{"citations", []string{opened(`{"type":"text","text":"","citations":[{"a":1}]}`), piece(`{"type":"citations_delta","citation":{"b": 2}}`), piece(`{"type":"text_delta","text":"x"}`), piece(`{"type":"citations_delta","citation":null}`)},
			`{"type":"text","text":"x","citations":[{"a":1},{"b": 2}]}`},
		{"citations where there were none", []string{opened(`{"type":"text","text":"x","citations":null}`), piece(`{"type":"citations_delta","citation":{"b":2}}`)},
			`{"type":"text","text":"x","citations":[{"b":2}]}`},
		{"empty text", []string{opened(`{"type":"text","text":""}`)}, ""},
		{"blank text", []string{opened(`{"type":"text","text":""}`), piece(`{"type":"text_delta","text":"\n"}`), piece(`{"type":"text_delta","text":"\n"}`)}, ""},
		{"thinking", []string{opened(`{"type":"thinking","thinking":"","signature":""}`), piece(`{"type":"thinking_delta","thinking":"h"}`), piece(`{"type":"thinking_delta","thinking":"m"}`), piece(`{"type":"signature_delta","signature":"c2ln"}`)},
			`{"type":"thinking","thinking":"hm","signature":"c2ln"}`},
		{"thinking whose text is withheld", []string{opened(`{"type":"thinking","thinking":"","signature":""}`), piece(`{"type":"signature_delta","signature":"c2ln"}`)},
			`{"type":"thinking","thinking":"","signature":"c2ln"}`},
		{"thinking without a signature member", []string{opened(`{"type":"thinking","thinking":""}`), piece(`{"type":"signature_delta","signature":"s"}`)},
			`{"type":"thinking","thinking":"","signature":"s"}`},
		{"redacted thinking", []string{opened(`{"type":"redacted_thinking", "data":"xyz" }`)}, `{"type":"redacted_thinking", "data":"xyz" }`},
		{"tool call", []string{opened(`{"type":"tool_use","id":"t1","name":"f","input":{},"caller":{"type":"direct"}}`), piece(`{"type":"input_json_delta","partial_json":""}`), piece(`{"type":"input_json_delta","partial_json":"{\"a\": 1."}`), piece(`{"type":"input_json_delta","partial_json":"50}"}`)},
			`{"type":"tool_use","id":"t1","name":"f","input":{"a": 1.50},"caller":{"type":"direct"}}`},
		{"tool call without input", []string{opened(`{"type":"tool_use","id":"t1","name":"f","input":{}}`), piece(`{"type":"input_json_delta","partial_json":""}`)},
			`{"type":"tool_use","id":"t1","name":"f","input":{}}`},
		{"compaction", []string{opened(`{"type":"compaction","content":null}`), piece(`{"type":"compaction_delta","content":"sum","encrypted_content":"e"}`)},
			`{"type":"compaction","content":"sum","encrypted_content":"e"}`},
		{"a block and a delta from the future", []string{opened(`{"type":"hologram","x":{"y":[ ]}}`), piece(`{"type":"hologram_delta","text":{"z":1}}`)},
			`{"type":"hologram","x":{"y":[ ]}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			events := append([]string{msgStart, `{"type":"ping"}`}, c.events...)
			res, deltas, err := feed(append(events, closing, ended("end_turn"), msgStop)...)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(res.Content) > 0 {
				got = string(res.Content[0])
			}
			if got != c.want || len(res.Content) > 1 {
				t.Errorf("got  %s\nwant %s", res.Content, c.want)
			}
			consistent(t, res, deltas)
		})
	}
}

// consistent checks what the sink heard against the answer.
func consistent(t *testing.T, res *Response, deltas []Delta) {
	t.Helper()
	texts := make([]string, len(res.Content))
	started := 0
	for _, d := range deltas {
		switch {
		case d.Index >= len(res.Content): // a call that was cut off
		case d.Start && (d.Index != started || d.Text != ""):
			t.Errorf("start %+v as number %d", d, started)
		case gjson.GetBytes(res.Content[d.Index], "type").Str != d.Type:
			t.Errorf("%+v of block %s", d, res.Content[d.Index])
		default:
			texts[d.Index] += d.Text
		}
		if d.Start {
			started++
		}
	}
	for i, b := range res.Content {
		if !json.Valid(b) {
			t.Errorf("block %d is not JSON: %q", i, b)
		}
		if want := gjson.GetBytes(b, "text").Str; gjson.GetBytes(b, "type").Str == "text" && strings.ToValidUTF8(texts[i], "\ufffd") != strings.ToValidUTF8(want, "\ufffd") {
			t.Errorf("the sink heard %q of block %q", texts[i], want)
		}
	}
}

func TestAnswer(t *testing.T) {
	text := func(i string, s string) []string {
		return []string{
			`{"type":"content_block_start","index":` + i + `,"content_block":{"type":"text","text":""}}`,
			`{"type":"content_block_delta","index":` + i + `,"delta":{"type":"text_delta","text":"` + s + `"}}`,
			`{"type":"content_block_stop","index":` + i + `}`,
		}
	}
	var events []string
	events = append(events, msgStart)
	events = append(events, text("0", ` `)...)
	events = append(events, text("1", "a")...)
	events = append(events, text("2", `\n`)...)
	events = append(events, text("3", "b")...)
	events = append(events,
		`{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","category":"bio"}},"usage":{"output_tokens":42,"cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":3}}}`,
		`{"type":"from_the_future","delta":7}`, msgStop)
	res, deltas, err := feed(events...)
	if err != nil {
		t.Fatal(err)
	}
	consistent(t, res, deltas)
	want := &Response{
		Content:    raws(`{"type":"text","text":"a"}`, `{"type":"text","text":"b"}`),
		StopReason: "refusal", StopDetails: json.RawMessage(`{"type":"refusal","category":"bio"}`),
		Usage: Usage{Input: 10, Output: 42, CacheCreation: 5, CacheRead: 7, CacheCreation5m: 2, CacheCreation1h: 3},
	}
	if diff := cmp.Diff(want, res); diff != "" {
		t.Error(diff)
	}
	if want := []Delta{{0, "text", true, ""}, {0, "text", false, "a"}, {1, "text", true, ""}, {1, "text", false, "b"}}; !cmp.Equal(want, deltas) {
		t.Error(cmp.Diff(want, deltas))
	}
}

// A call that max_tokens cut off is left out; one that is broken otherwise
// breaks the answer.
func TestCutOffCall(t *testing.T) {
	call := []string{msgStart, opened(`{"type":"tool_use","id":"t","name":"f","input":{}}`), piece(`{"type":"input_json_delta","partial_json":"{\"a\":"}`), closing}
	res, deltas, err := feed(append(call, ended("max_tokens"), msgStop)...)
	if err != nil || len(res.Content) != 0 || len(deltas) != 1 {
		t.Errorf("%+v %v %v", res, deltas, err)
	}
	if _, _, err := feed(append(call, ended("tool_use"), msgStop)...); err == nil {
		t.Error("no error")
	}
	for input, kept := range map[string]int{`{\"a\":1}`: 1, ``: 0} { // one that is whole is none
		piece := piece(`{"type":"input_json_delta","partial_json":"` + input + `"}`)
		for _, stop := range []string{"max_tokens", WindowExceeded} {
			res, _, err := feed(msgStart, opened(`{"type":"tool_use","id":"t","name":"f","input":{}}`), piece, closing, ended(stop), msgStop)
			if err != nil || len(res.Content) != kept || !res.CutOff() {
				t.Errorf("%q, %s: %+v %v", input, stop, res, err)
			}
		}
	}
	list := []string{msgStart, opened(`{"type":"tool_use","id":"t","name":"f","input":{}}`), piece(`{"type":"input_json_delta","partial_json":"[1]"}`), closing, ended("tool_use"), msgStop}
	if _, _, err := feed(list...); err == nil {
		t.Error("no error for an input that is no object")
	}
}

func TestBrokenStreams(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []string
		want   string
	}{
		{"not JSON", []string{msgStart, `{"type":`}, "not JSON"},
		{"no stop reason", []string{msgStart, msgStop}, "ended before"},
		{"piece of no block", []string{msgStart, piece(`{"type":"text_delta","text":"x"}`)}, "not open"},
		{"piece of a closed block", []string{msgStart, opened(`{"type":"text","text":""}`), closing, piece(`{"type":"text_delta","text":"x"}`)}, "not open"},
		{"block twice", []string{msgStart, opened(`{"type":"text","text":""}`), opened(`{"type":"text","text":""}`)}, "twice"},
		{"block without type", []string{msgStart, opened(`{"text":""}`)}, "no type"},
		{"block that is no object", []string{msgStart, opened(`7`)}, "no type"},
		{"error", []string{msgStart, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`}, "overloaded_error: Overloaded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := feed(c.events...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzAccumulator(f *testing.F) {
	f.Add(strings.Join([]string{msgStart, opened(`{"type":"text","text":"","citations":[]}`), piece(`{"type":"text_delta","text":"x"}`), piece(`{"type":"citations_delta","citation":{}}`), closing, ended("end_turn"), msgStop}, "\n"))
	f.Add(strings.Join([]string{msgStart, opened(`{"type":"tool_use","id":"t","input":{}}`), piece(`{"type":"input_json_delta","partial_json":"{\"a\":1}"}`), closing, ended("tool_use"), msgStop}, "\n"))
	f.Add(strings.Join([]string{opened(`{"type":"thinking","thinking":"\ud800"}`), piece(`{"type":"signature_delta","signature":"\u0000"}`), closing, ended("max_tokens")}, "\n"))
	f.Fuzz(func(t *testing.T, stream string) {
		res, deltas, err := feed(strings.Split(stream, "\n")...)
		if err == nil {
			consistent(t, res, deltas)
		}
	})
}
