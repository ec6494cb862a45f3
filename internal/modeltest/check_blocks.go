package modeltest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func (p placed) where() string { return fmt.Sprintf("messages.%d.content.%d", p.message, p.index) }

// allowed are the block types of each role.
var allowed = map[string][]string{
	"user":      {"text", "image", "document", "tool_result", "search_result"},
	"assistant": {"text", "thinking", "redacted_thinking", "tool_use"},
	"system":    {"text"},
}

func (s *Server) checkBlocks(req *Request, _ Limits) error {
	for _, p := range req.flatten(len(req.Messages)) {
		s.mu.Lock()
		own := s.issued[p.block.Type] && p.role == "assistant"
		s.mu.Unlock()
		if !own && !slices.Contains(allowed[p.role], p.block.Type) {
			return invalid("%s.type: Input tag '%s' is not one a %s message may hold: %s", p.where(), p.block.Type, p.role, strings.Join(allowed[p.role], ", "))
		}
		if err := checkBlock(p); err != nil {
			return err
		}
	}
	return nil
}

func checkBlock(p placed) error {
	b := p.block
	switch b.Type {
	case "text":
		return checkText(p)
	case "image":
		return checkImage(p.where(), b.Source)
	case "document":
		return checkDocument(p.where(), b.Source)
	case "tool_use":
		switch {
		case !toolID.MatchString(b.ID):
			return invalid("%s.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'", p.where())
		case b.Name == "":
			return invalid("%s.tool_use.name: String should have at least 1 character", p.where())
		case len(b.Input) == 0 || b.Input[0] != '{':
			return invalid("%s.tool_use.input: Input should be a valid dictionary", p.where())
		}
	case "tool_result":
		return checkResult(p)
	case "thinking", "redacted_thinking":
		if marked(b.CacheControl) {
			return invalid("%s.%s.cache_control: Extra inputs are not permitted", p.where(), b.Type)
		}
	}
	return nil
}

func marked(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func checkText(p placed) error {
	switch {
	case p.block.Text == "" && marked(p.block.CacheControl):
		return invalid("%s.text: cache_control cannot be set for empty text blocks", p.where())
	case p.block.Text == "":
		return invalid("messages: text content blocks must be non-empty")
	case strings.TrimSpace(p.block.Text) == "":
		return invalid("messages: text content blocks must contain non-whitespace text")
	case p.role == "user" && len(bytes.Trim(p.block.Citations, "[] \n")) > 0 && string(p.block.Citations) != "null":
		return invalid("%s.text.citations: citations are not allowed in user messages", p.where())
	}
	return nil
}

func checkResult(p placed) error {
	if len(p.block.Content) == 0 || string(p.block.Content) == "null" {
		return nil
	}
	var inner Content
	if err := json.Unmarshal(p.block.Content, &inner); err != nil {
		return invalid("%s.tool_result.content: Input should be a string or a list of blocks", p.where())
	}
	for i, b := range inner {
		at := fmt.Sprintf("%s.tool_result.content.%d", p.where(), i)
		if p.block.IsError && b.Type != "text" {
			return invalid("%s.tool_result: all content must be type \"text\" if \"is_error\" is true", p.where())
		}
		switch b.Type {
		case "text":
			if strings.TrimSpace(b.Text) == "" && !b.short {
				return invalid("%s.text: text content blocks must be non-empty", at)
			}
		case "image":
			if err := checkImage(at, b.Source); err != nil {
				return err
			}
		case "document":
			if err := checkDocument(at, b.Source); err != nil {
				return err
			}
		case "search_result":
		default:
			return invalid("%s.type: Input tag '%s' is not one a tool_result may hold", at, b.Type)
		}
	}
	return nil
}

// source is where an image or a document comes from.
type source struct {
	Type      string          `json:"type"`
	MediaType string          `json:"media_type"`
	Data      string          `json:"data"`
	URL       string          `json:"url"`
	FileID    string          `json:"file_id"`
	Content   json.RawMessage `json:"content"`
}

var imageTypes = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

func checkImage(at string, raw json.RawMessage) error {
	src, err := parseSource(at+".image", raw)
	if err != nil || src.Type != "base64" {
		return err
	}
	if !slices.Contains(imageTypes, src.MediaType) {
		return invalid("%s.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'", at)
	}
	data, err := base64.StdEncoding.DecodeString(src.Data)
	if err != nil || len(data) == 0 {
		return invalid("%s.image.source.base64: invalid base64 data", at)
	}
	if real := http.DetectContentType(data); real != src.MediaType {
		return invalid("%s.image.source.base64: The image was specified using the %s media type, but the image appears to be a %s image", at, src.MediaType, real)
	}
	return nil
}

func checkDocument(at string, raw json.RawMessage) error {
	src, err := parseSource(at+".document", raw)
	if err != nil {
		return err
	}
	switch src.Type {
	case "base64":
		if src.MediaType != "application/pdf" {
			return invalid("%s.document.source.base64.media_type: Input should be 'application/pdf'", at)
		}
		data, err := base64.StdEncoding.DecodeString(src.Data)
		if err != nil || !bytes.HasPrefix(data, []byte("%PDF-")) {
			return invalid("%s.document.source.base64.data: The PDF specified was not valid.", at)
		}
	case "text":
		if src.MediaType != "text/plain" {
			return invalid("%s.document.source.text.media_type: Input should be 'text/plain'", at)
		}
		if src.Data == "" {
			return invalid("%s.document.source.text.data: String should have at least 1 character", at)
		}
	}
	return nil
}

func parseSource(at string, raw json.RawMessage) (source, error) {
	var src source
	if len(raw) == 0 || json.Unmarshal(raw, &src) != nil {
		return src, invalid("%s.source: Field required", at)
	}
	switch src.Type {
	case "base64", "text", "content":
	case "url":
		if !strings.HasPrefix(src.URL, "https://") && !strings.HasPrefix(src.URL, "http://") {
			return src, invalid("%s.source.url.url: Only HTTPS URLs are supported", at)
		}
	case "file":
		if src.FileID == "" {
			return src, invalid("%s.source.file.file_id: Field required", at)
		}
	default:
		return src, invalid("%s.source: Input tag '%s' found using 'type' does not match any of the expected tags", at, src.Type)
	}
	return src, nil
}
