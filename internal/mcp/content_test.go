package mcp

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

var (
	png  = []byte("\x89PNG\r\n\x1a\n0000")
	jpeg = []byte("\xff\xd8\xff\xe0 jpeg")
	pdf  = []byte("%PDF-1.7 …")
)

func TestContentKinds(t *testing.T) {
	size := int64(5)
	resource := func(r sdk.ResourceContents) sdk.Content { return &sdk.EmbeddedResource{Resource: &r} }
	image := func(mime string, data []byte) string {
		return `{"type":"image","source":{"type":"base64","media_type":"` + mime + `","data":"` + base64.StdEncoding.EncodeToString(data) + `"}}`
	}
	text := func(s string) string { return string(textBlock(s)) }
	for name, tt := range map[string]struct {
		in   sdk.CallToolResult
		want []string
	}{
		"text":                  {sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: "a"}, &sdk.TextContent{}, &sdk.TextContent{Text: "b " + secret}}}, []string{text("a"), text("b [redacted]")}},
		"nothing":               {sdk.CallToolResult{}, []string{text("(no output)")}},
		"image":                 {sdk.CallToolResult{Content: []sdk.Content{&sdk.ImageContent{MIMEType: "image/png", Data: png}}}, []string{image("image/png", png)}},
		"image of another type": {sdk.CallToolResult{Content: []sdk.Content{&sdk.ImageContent{MIMEType: "image/png", Data: jpeg}}}, []string{image("image/jpeg", jpeg)}},
		"no image":              {sdk.CallToolResult{Content: []sdk.Content{&sdk.ImageContent{MIMEType: "image/svg+xml", Data: []byte("<svg/>")}}}, []string{text("[image of type image/svg+xml, 6 bytes, not shown: the model can't take it]")}},
		"large image": {sdk.CallToolResult{Content: []sdk.Content{&sdk.ImageContent{MIMEType: "image/png", Data: append(bytes.Clone(png), make([]byte, maxImage)...)}}},
			[]string{text("[image of type image/png, 3932172 bytes, not shown: the model can't take it]")}},
		"audio": {sdk.CallToolResult{Content: []sdk.Content{&sdk.AudioContent{MIMEType: "audio/wav", Data: []byte("RIFF")}}}, []string{text("[audio of type audio/wav, 4 bytes, not shown: the model can't take it]")}},
		"link": {sdk.CallToolResult{Content: []sdk.Content{&sdk.ResourceLink{URI: "file:///a", Name: "a", MIMEType: "text/plain", Description: "A file", Size: &size}}},
			[]string{text("[Resource link: file:///a]\na\ntext/plain\nA file")}},
		"text resource": {sdk.CallToolResult{Content: []sdk.Content{resource(sdk.ResourceContents{URI: "x:1", Text: "inside"})}}, []string{text("[Resource: x:1]\ninside")}},
		"text as bytes": {sdk.CallToolResult{Content: []sdk.Content{resource(sdk.ResourceContents{URI: "x:1", MIMEType: "text/csv", Blob: []byte("a,b")})}}, []string{text("[Resource: x:1]\na,b")}},
		"pdf": {sdk.CallToolResult{Content: []sdk.Content{resource(sdk.ResourceContents{URI: "x:1", MIMEType: "application/pdf", Blob: pdf})}},
			[]string{`{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"` + base64.StdEncoding.EncodeToString(pdf) + `"},"title":"x:1"}`}},
		"image resource": {sdk.CallToolResult{Content: []sdk.Content{resource(sdk.ResourceContents{URI: "x:1", MIMEType: "image/jpeg", Blob: jpeg})}}, []string{image("image/jpeg", jpeg)}},
		"bytes": {sdk.CallToolResult{Content: []sdk.Content{resource(sdk.ResourceContents{URI: "x:1", Blob: []byte{1, 2}})}},
			[]string{text("[resource of type application/octet-stream, 2 bytes, not shown: the model can't take it] x:1")}},
		"structured alone":      {sdk.CallToolResult{StructuredContent: map[string]any{"n": 1, "s": secret}}, []string{text(`{"n":1,"s":"[redacted]"}`)}},
		"structured with text":  {sdk.CallToolResult{StructuredContent: 1, Content: []sdk.Content{&sdk.TextContent{Text: "one"}}}, []string{text("one")}},
		"structured with image": {sdk.CallToolResult{StructuredContent: 1, Content: []sdk.Content{&sdk.ImageContent{Data: png}}}, []string{image("image/png", png), text("1")}},
		"no resource":           {sdk.CallToolResult{Content: []sdk.Content{&sdk.EmbeddedResource{}}}, []string{text("(no output)")}},
	} {
		t.Run(name, func(t *testing.T) {
			l := &link{}
			l.secrets.add(secret)
			l.secrets.add("a") // too short to be hidden
			r := l.result(&tt.in)
			if got, want := string(bytes.Join(bytesOf(r.Content), nil)), strings.Join(tt.want, ""); got != want {
				t.Errorf("got  %.300s\nwant %.300s", got, want)
			}
		})
	}
}

func bytesOf(in []json.RawMessage) (out [][]byte) {
	for _, b := range in {
		out = append(out, b)
	}
	return out
}

// Binary content is bounded over a whole result.
func TestBinaryOfAResult(t *testing.T) {
	var in sdk.CallToolResult
	for range 6 {
		in.Content = append(in.Content, &sdk.ImageContent{Data: append(bytes.Clone(png), make([]byte, maxImage-len(png))...)})
	}
	r := (&link{}).result(&in)
	shown := 0
	for _, b := range r.Content {
		if bytes.HasPrefix(b, []byte(`{"type":"image"`)) {
			shown++
		}
	}
	if shown != maxBinary/maxImage || len(r.Content) != 6 {
		t.Errorf("%d of %d shown", shown, len(r.Content))
	}
}

func TestScrub(t *testing.T) {
	var s secrets
	for i := range 20 {
		s.add(strings.Repeat("t", 3) + string(rune('a'+i)))
	}
	s.add("ttta")
	if got := s.scrub("x\n\ty tttt ttta \xff" + strings.Repeat("é", maxWords)); !strings.HasPrefix(got, "x y [redacted] [redacted] \uFFFDé") || len(got) > maxWords+5 {
		t.Errorf("got %q", got)
	}
}
