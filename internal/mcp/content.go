package mcp

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of what a model request takes, in bytes.
const (
	maxImage    = 5 << 20 / 4 * 3 // 5 MiB of base64
	maxDocument = 20 << 20
	maxBinary   = 24 << 20 // images and documents of one result
)

// minHidden is the shortest token that is hidden in a result, in bytes: without
// a shorter one many a result would make no sense.
const minHidden = 8

// images are the media types that the Messages API takes.
var images = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true}

// results turns a server's result into blocks.
type results struct {
	secrets *secrets
	blocks  []json.RawMessage
	texts   int
	binary  int
}

// result is the outcome of a call in blocks of the API. What it has no block
// for is described in words.
func (l *link) result(r *sdk.CallToolResult) Result {
	b := &results{secrets: &l.secrets}
	for _, c := range r.Content {
		b.add(c)
	}
	if r.StructuredContent != nil && b.texts == 0 {
		if structured, err := json.Marshal(r.StructuredContent); err == nil { // it came as JSON
			b.text(string(structured))
		}
	}
	if len(b.blocks) == 0 {
		b.text("(no output)")
	}
	return Result{Content: b.blocks, IsError: r.IsError}
}

func (b *results) add(c sdk.Content) {
	switch c := c.(type) {
	case *sdk.TextContent:
		b.text(c.Text)
	case *sdk.ImageContent:
		b.data("image", c.MIMEType, "", c.Data)
	case *sdk.AudioContent:
		b.note("audio", c.MIMEType, "", c.Data)
	case *sdk.ResourceLink:
		b.text(strings.Join(nonEmpty("[Resource link: "+c.URI+"]", c.Name, c.Title, c.MIMEType, c.Description), "\n"))
	case *sdk.EmbeddedResource:
		b.resource(c.Resource)
	default:
		b.text(fmt.Sprintf("[Content of a kind that can't be shown: %T]", c))
	}
}

func nonEmpty(texts ...string) (out []string) {
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

func (b *results) resource(r *sdk.ResourceContents) {
	switch {
	case r == nil:
	case r.Blob == nil:
		b.text("[Resource: " + r.URI + "]\n" + r.Text)
	case strings.HasPrefix(r.MIMEType, "text/") && utf8.Valid(r.Blob):
		b.text("[Resource: " + r.URI + "]\n" + string(r.Blob))
	default:
		b.data("resource", r.MIMEType, r.URI, r.Blob)
	}
}

// data adds an image or a PDF, whatever the server calls it: the Messages API
// looks at the bytes and refuses a wrong type.
func (b *results) data(kind, mime, uri string, data []byte) {
	source := wire.Source{Type: "base64", MediaType: http.DetectContentType(data)}
	image, document := images[source.MediaType] && len(data) <= maxImage, source.MediaType == "application/pdf" && len(data) <= maxDocument
	if !image && !document || b.binary+len(data) > maxBinary {
		b.note(kind, mime, uri, data)
		return
	}
	b.binary += len(data)
	source.Data = base64.StdEncoding.EncodeToString(data)
	if image {
		b.blocks = append(b.blocks, wire.Encode(wire.ImageBlock{Type: "image", Source: source}))
		return
	}
	block := wire.DocumentBlock{Type: "document", Source: source}
	if uri != "" {
		uri = b.secrets.hide(strings.ToValidUTF8(uri, "\uFFFD"), minHidden)
		block.Title = &uri
	}
	b.blocks = append(b.blocks, wire.Encode(block))
}

// note describes what can't be shown.
func (b *results) note(kind, mime, uri string, data []byte) {
	if mime == "" {
		mime = "application/octet-stream"
	}
	b.text(strings.TrimSpace(fmt.Sprintf("[%s of type %s, %d bytes, not shown: the model can't take it] %s", kind, mime, len(data), uri)))
}

func (b *results) text(s string) {
	if s = b.secrets.hide(strings.ToValidUTF8(s, "\uFFFD"), minHidden); s != "" {
		b.texts++
		b.blocks = append(b.blocks, textBlock(s))
	}
}

func textBlock(s string) json.RawMessage {
	return json.RawMessage(wire.Encode(wire.TextBlock{Type: "text", Text: s}))
}
