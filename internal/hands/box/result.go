package box

import (
	"encoding/json"
	"fmt"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

type block struct {
	Type   string  `json:"type"`
	Text   *string `json:"text,omitempty"`
	Source *source `json:"source,omitempty"`
}

type source struct {
	Type      string `json:"type"`
	MediaType string `json:"media_type"`
	Data      []byte `json:"data"`
}

// mediaTypes are those a guest may return; anything else would make the model
// request invalid, and with it the session.
var mediaTypes = map[frame.Kind]map[string]bool{
	frame.Image:    {"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true},
	frame.Document: {"application/pdf": true},
}

// result turns a guest's answer into content blocks of the API. The answer
// comes from inside the sandbox, so its blocks are built anew here.
func result(resp frame.Response) (hands.Result, error) {
	if resp.Failure != "" {
		return hands.Result{}, fmt.Errorf("%w: %s", hands.ErrLost, resp.Failure)
	}
	out := hands.Result{IsError: resp.IsError, Content: []json.RawMessage{}}
	for _, b := range resp.Blocks {
		api := block{Type: string(b.Kind)}
		switch b.Kind {
		case frame.Text:
			// The API refuses empty text blocks.
			api.Text = &b.Text
			if b.Text == "" {
				*api.Text = "(no output)"
			}
		case frame.Image, frame.Document:
			if !mediaTypes[b.Kind][b.MediaType] {
				return hands.Result{}, fmt.Errorf("%w: the guest sent %s data of type %q", hands.ErrLost, b.Kind, b.MediaType)
			}
			api.Source = &source{Type: "base64", MediaType: b.MediaType, Data: b.Data}
		default:
			return hands.Result{}, fmt.Errorf("%w: the guest sent a block of kind %q", hands.ErrLost, b.Kind)
		}
		raw, err := json.Marshal(api)
		if err != nil {
			return hands.Result{}, err
		}
		out.Content = append(out.Content, raw)
	}
	return out, nil
}

func textResult(text string) hands.Result {
	raw, err := json.Marshal(block{Type: "text", Text: &text})
	if err != nil {
		panic(err) // a struct of strings
	}
	return hands.Result{Content: []json.RawMessage{raw}, IsError: true}
}

// fileName is id if it can be a file name inside, else "".
func fileName(id string) string {
	if len(id) > 64 {
		return ""
	}
	for _, r := range id {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
		default:
			return ""
		}
	}
	return id
}
