package brain

import (
	"encoding/json"
	"fmt"
)

// maxBinary bounds the bytes of the blocks of a conversation that tools may add
// documents and images to: the Messages API takes requests of 32 MB, and a
// conversation that has grown over it could never be gone on with.
const maxBinary = 24 << 20

// size is the bytes of the conversation's blocks, and of results that are not
// in it yet.
func (s *state) size() (n int64) {
	for _, m := range s.messages {
		for _, b := range m.Content {
			n += int64(len(b))
		}
	}
	for _, c := range s.calls {
		n += int64(len(c.result))
	}
	return n
}

// roomFor is a result's content without the images and documents that the
// conversation has no room for. The model is told of those.
func (s *state) roomFor(content []raw) []raw {
	out := make([]raw, len(content))
	room := maxBinary - s.size()
	for i, b := range content {
		size := int64(len(b))
		if v := readBlock(b); size > room && (v.Type == "image" || v.Type == "document") {
			b, size = leftOut(b, v.Type), 0
		}
		out[i] = b
		room -= size
	}
	return out
}

// leftOut is what the model is told of an image or a document that isn't shown.
func leftOut(b raw, kind string) raw {
	var v struct {
		Source struct {
			MediaType string `json:"media_type"`
		} `json:"source"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		v.Source.MediaType = "unknown"
	}
	return textBlock(fmt.Sprintf("[%s of type %s, not shown: the conversation has no room for it.]", kind, v.Source.MediaType))
}
