package frame

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRoundTrip(t *testing.T) {
	var pipe bytes.Buffer
	sent := []Request{
		{ID: 1, Op: OpRun, CallID: "c", Tool: "bash", Input: json.RawMessage(`{"command":"<&>"}`), Frugal: true},
		{ID: 2, Op: OpLink, Links: []Link{{Path: "/a", Target: "/b"}}},
	}
	for _, req := range sent {
		if err := Write(&pipe, req); err != nil {
			t.Fatal(err)
		}
	}
	r := bufio.NewReader(&pipe)
	for _, want := range sent {
		var got Request
		if err := Read(r, &got); err != nil {
			t.Fatal(err)
		}
		// JSON may be written in another way, but says the same.
		var a, b any
		if want.Input != nil {
			if json.Unmarshal(want.Input, &a) != nil || json.Unmarshal(got.Input, &b) != nil || !cmp.Equal(a, b) {
				t.Errorf("input %s came as %s", want.Input, got.Input)
			}
		}
		want.Input, got.Input = nil, nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if err := Read(r, new(Request)); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	var out bytes.Buffer
	if err := Write(&out, Response{Blocks: []Block{{Text: strings.Repeat("x", Max)}}}); !errors.Is(err, ErrTooLarge) || out.Len() > 0 {
		t.Errorf("write: %v, %d bytes written", err, out.Len())
	}
	head := binary.BigEndian.AppendUint32(nil, Max+1)
	if err := Read(bufio.NewReader(bytes.NewReader(head)), new(Response)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("read: %v", err)
	}
}

func TestBroken(t *testing.T) {
	for name, in := range map[string]string{
		"half a length": "\x00\x00",
		"no body":       "\x00\x00\x00\x05",
		"half a body":   "\x00\x00\x00\x05{}",
		"not JSON":      "\x00\x00\x00\x05hello",
		"another type":  "\x00\x00\x00\x02[]",
	} {
		err := Read(bufio.NewReader(strings.NewReader(in)), new(Response))
		if err == nil || err == io.EOF && name != "half a length" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A guest can't make the driver crash or allocate what it doesn't send.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\x02\x00\x00\x00{}"))
	f.Add([]byte("\x00\x00\x00\x30{\"id\":1,\"blocks\":[{\"kind\":\"text\",\"data\":\"AA\"}]}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReader(bytes.NewReader(in))
		for {
			var resp Response
			if err := Read(r, &resp); err != nil {
				return
			}
			var again bytes.Buffer
			if err := Write(&again, resp); err != nil {
				t.Fatal(err)
			}
		}
	})
}
