package wire

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Block is a content block of an event: *TextBlock, *ImageBlock,
// *DocumentBlock, *SearchResultBlock, *RedactedBlock, or RawBlock for one that
// was made elsewhere (a tool's result).
type Block struct{ V any }

// TextBlock is text.
type TextBlock struct {
	Type string `json:"type"` // text
	Text string `json:"text"`
}

// ImageBlock is a picture.
type ImageBlock struct {
	Type   string `json:"type"` // image
	Source Source `json:"source"`
}

// DocumentBlock is a PDF or a text.
type DocumentBlock struct {
	Type    string  `json:"type"` // document
	Source  Source  `json:"source"`
	Title   *string `json:"title,omitzero"`
	Context *string `json:"context,omitzero"`
}

// SearchResultBlock is a found passage, in tool results only.
type SearchResultBlock struct {
	Type      string       `json:"type"` // search_result
	Source    string       `json:"source"`
	Title     string       `json:"title"`
	Content   []*TextBlock `json:"content"`
	Citations *Citations   `json:"citations,omitzero"`
}

// Citations switches citations of a search result on.
type Citations struct {
	Enabled bool `json:"enabled"`
}

// RedactedBlock stands for content that is not shown. Clients may not send it.
type RedactedBlock struct {
	Type string `json:"type"` // redacted
}

// RawBlock is a block whose JSON is passed on as it is.
type RawBlock jsontext.Value

// Source says where the bytes of an image or document are.
type Source struct {
	Type      string `json:"type"`                 // base64, url, file, text
	MediaType string `json:"media_type,omitempty"` // of base64 and text
	Data      string `json:"data,omitempty"`       // of base64 and text
	URL       string `json:"url,omitempty"`        // of url
	FileID    string `json:"file_id,omitempty"`    // of file
}

// Text is a text block.
func Text(s string) Block { return Block{&TextBlock{Type: "text", Text: s}} }

const blockTypes = "`text`, `image`, `document`, `search_result`"

// UnmarshalJSONFrom decodes a block of any type a client may send.
func (b *Block) UnmarshalJSONFrom(dec *jsontext.Decoder) (err error) {
	b.V, err = DecodeUnion(dec, blockTypes, func(typ string) any {
		switch typ {
		case "text":
			return new(TextBlock)
		case "image":
			return new(ImageBlock)
		case "document":
			return new(DocumentBlock)
		case "search_result":
			return new(SearchResultBlock)
		}
		return nil
	})
	return err
}

// MarshalJSONTo encodes the block that b holds.
func (b Block) MarshalJSONTo(enc *jsontext.Encoder) error {
	if raw, ok := b.V.(RawBlock); ok {
		return enc.WriteValue(jsontext.Value(raw))
	}
	return json.MarshalEncode(enc, b.V)
}
