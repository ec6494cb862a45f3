package brain

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	_ "image/gif" // formats that tooLarge looks into
	_ "image/jpeg"
	_ "image/png"
	"strings"

	"github.com/ostlerdev/ostler/internal/wire"
)

// maxBinary bounds the bytes of the blocks of a conversation that tools may add
// documents and images to: the Messages API takes requests of 32 MB, and a
// conversation that has grown over it could never be gone on with.
const maxBinary = 24 << 20

// Limits of the Messages API for an image.
const (
	maxImage  = 5 << 20 // bytes of its base64
	maxPixels = 8000    // of a side
)

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
// conversation has no room for, or that the Messages API would refuse, in every
// further request. The model is told of those.
func (s *state) roomFor(content []raw) []raw {
	out := make([]raw, len(content))
	room := maxBinary - s.size()
	for i, b := range content {
		size := int64(len(b))
		if v := readBlock(b); v.Type == "image" || v.Type == "document" {
			why := "the conversation has no room for it"
			if size <= room {
				why = tooLarge(b, v.Type)
			}
			if why != "" {
				b, size = textBlock(fmt.Sprintf("[%s not shown: %s.]", v.Type, why)), 0
			}
		}
		out[i] = b
		room -= size
	}
	return out
}

// tooLarge says why the Messages API would refuse an image, or "".
func tooLarge(b raw, kind string) string {
	var v wire.ImageBlock
	if kind != "image" || json.Unmarshal(b, &v) != nil || v.Source.Type != "base64" {
		return ""
	}
	if len(v.Source.Data) > maxImage {
		return fmt.Sprintf("it has %d bytes in base64, and models take %d", len(v.Source.Data), maxImage)
	}
	size, _, err := image.DecodeConfig(base64.NewDecoder(base64.StdEncoding, strings.NewReader(v.Source.Data)))
	if err == nil && max(size.Width, size.Height) > maxPixels { // else of a format that isn't looked into
		return fmt.Sprintf("it has %d times %d pixels, and models take %d", size.Width, size.Height, maxPixels)
	}
	return ""
}
