package brain

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/session"
	"github.com/ostlerdev/ostler/internal/wire"
)

// resolveFiles puts the bytes of files in place of sources of type file, in
// the cached conversation: the model's upstream doesn't know our ids. A file
// that is gone becomes a note.
func (t *turn) resolveFiles(ctx context.Context) error {
	if !t.state.files {
		return nil
	}
	for i := range t.state.messages {
		m := &t.state.messages[i]
		if m.Role == "assistant" {
			continue
		}
		content, err := t.resolveBlocks(ctx, m.Content)
		if err != nil {
			return err
		}
		m.Content = content
	}
	t.state.files = false
	return nil
}

var fileSource = []byte(`"file_id"`)

func (t *turn) resolveBlocks(ctx context.Context, blocks []raw) ([]raw, error) {
	out := blocks
	for i, b := range blocks {
		if !bytes.Contains(b, fileSource) {
			continue
		}
		resolved, err := t.resolveBlock(ctx, b)
		if err != nil {
			return nil, err
		}
		if &out[0] == &blocks[0] {
			out = append([]raw(nil), blocks...)
		}
		out[i] = resolved
	}
	return out, nil
}

func (t *turn) resolveBlock(ctx context.Context, b raw) (raw, error) {
	var kind struct{ Type string }
	if err := json.Unmarshal(b, &kind); err != nil {
		return nil, err
	}
	switch kind.Type {
	case "tool_result":
		var r struct {
			ToolUseID string `json:"tool_use_id"`
			Content   []raw  `json:"content"`
			IsError   bool   `json:"is_error"`
		}
		if err := json.Unmarshal(b, &r); err != nil {
			return nil, err
		}
		content, err := t.resolveBlocks(ctx, r.Content)
		return toolResult(r.ToolUseID, content, r.IsError), err
	case "image":
		var v wire.ImageBlock
		if err := json.Unmarshal(b, &v); err != nil || v.Source.Type != "file" {
			return b, err
		}
		note, err := t.load(ctx, &v.Source)
		if note != "" || err != nil {
			return textBlock(note), err
		}
		return wire.Encode(v), nil
	case "document":
		var v wire.DocumentBlock
		if err := json.Unmarshal(b, &v); err != nil || v.Source.Type != "file" {
			return b, err
		}
		note, err := t.load(ctx, &v.Source)
		if note != "" || err != nil {
			return textBlock(note), err
		}
		return wire.Encode(v), nil
	}
	return b, nil
}

// maxFile is the largest file that is shown to the model: a request has 32 MB,
// and base64 makes four bytes of three.
const maxFile = 20 << 20

// load replaces a file source by its bytes, or answers a note why it can't be
// shown.
func (t *turn) load(ctx context.Context, s *wire.Source) (note string, err error) {
	mime, data, err := t.b.Files.ReadFile(ctx, s.FileID)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return fmt.Sprintf("[The file %s is no longer available.]", s.FileID), nil
	}
	if err != nil {
		return "", err
	}
	switch {
	case len(data) > maxFile:
		return fmt.Sprintf("[The file %s is too large to be shown: %d bytes.]", s.FileID, len(data)), nil
	case len(bytes.TrimSpace(data)) == 0:
		return fmt.Sprintf("[The file %s is empty.]", s.FileID), nil
	}
	if mime == "text/plain" {
		*s = wire.Source{Type: "text", MediaType: mime, Data: string(bytes.ToValidUTF8(data, []byte("\uFFFD")))}
		return "", nil
	}
	real := session.MediaType(data)
	if real == "" || (real == pdf) != (mime == pdf) {
		return fmt.Sprintf("[The file %s can't be shown: its bytes are not of its type %s.]", s.FileID, mime), nil
	}
	*s = wire.Source{Type: "base64", MediaType: real, Data: base64.StdEncoding.EncodeToString(data)}
	return "", nil
}

const pdf = "application/pdf"
